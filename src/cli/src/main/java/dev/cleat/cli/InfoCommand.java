package dev.cleat.cli;

import dev.cleat.client.AgentMode;
import dev.cleat.client.Approval;
import dev.cleat.client.CleatClient;
import dev.cleat.client.GitInfo;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Usage;
import dev.cleat.v1.Session;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat info}. */
@Command(name = "info", description = "Show all there is to know about a session.")
final class InfoCommand implements Callable<Integer> {
  /** So many files with conflicts are named. */
  private static final int CONFLICTS = 5;

  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  InfoCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      SessionInfo info = session.find(client).info();
      if (format.json()) {
        streams.line(Json.of(info.raw()));
      } else {
        lines(info)
            .forEach((name, value) -> {
              if (!value.isEmpty()) {
                // On its line: what a session is called with may have lines, and looks like no
                // other.
                streams.line("%-14s %s".formatted(name, value.replaceAll("\\R", " ")));
              }
            });
      }
      return ExitCode.DONE;
    }
  }

  private static Map<String, String> lines(SessionInfo info) {
    Session raw = info.raw();
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("id", raw.getId());
    lines.put("name", raw.getName());
    lines.put("tenant", info.tenant());
    lines.put("owner", Show.plain(info.owner()));
    lines.put("tool", String.join(" ", raw.getTool(), String.join(" ", raw.getArgsList())).strip());
    lines.put("state", Show.state(info));
    lines.put("message", raw.getStatusMessage());
    lines.put("activity", activity(info));
    lines.put("approvals", approvals(info));
    lines.put("way", info.way() == PromptWay.UNKNOWN ? "" : Show.word(info.way()));
    lines.put("resume token", info.resumeToken());
    lines.put("revive", info.revive() == RevivePolicy.UNKNOWN ? "" : Show.word(info.revive()));
    lines.put("endpoint", info.endpoint());
    lines.put("usage", usage(info));
    lines.put("title", raw.getTitle());
    lines.put("workdir", raw.getWorkdir());
    lines.put("directory", raw.getCurrentDirectory());
    lines.put("git", info.git().map(InfoCommand::git).orElse(""));
    lines.put("artifacts", info.artifactCount() == 0 ? "" : Integer.toString(info.artifactCount()));
    lines.put("environment", String.join(" ", raw.getEnvNamesList()));
    lines.put("labels", labels(raw));
    lines.put("model", raw.getModel());
    lines.put("mode", mode(info));
    lines.put("modes", modes(info));
    lines.put("role", info.role());
    lines.put("workspace", raw.getWorkspace());
    lines.put("parent", raw.getParentId());
    lines.put("terminal", terminal(raw));
    lines.put("run", raw.getRun() == 0 ? "" : Integer.toString(raw.getRun()));
    lines.put("turns", turns(raw));
    lines.put("clients", Integer.toString(raw.getClientCount()));
    lines.put(
        "journal",
        "events %d to %d, on stable storage to %d, epoch %d"
            .formatted(raw.getOldestSeq(), raw.getHeadSeq(), raw.getDurableSeq(), raw.getEpoch()));
    lines.put("output", raw.getOutputBytes() + " bytes");
    lines.put("created", raw.hasCreateTime() ? Show.time(raw.getCreateTime()) : "");
    lines.put("started", raw.hasStartTime() ? Show.time(raw.getStartTime()) : "");
    lines.put("ended", raw.hasEndTime() ? Show.time(raw.getEndTime()) : "");
    lines.put("last output", raw.hasLastOutputTime() ? Show.time(raw.getLastOutputTime()) : "");
    return lines;
  }

  /** What the agent is in, and what it is to be in where that is something else. */
  private static String mode(SessionInfo info) {
    String wanted = info.agentMode();
    String now = info.currentAgentMode();
    if (wanted.isEmpty() || wanted.equals(now)) {
      return now;
    }
    return now.isEmpty()
        ? wanted + " from the next prompt on"
        : "%s, %s from the next prompt on".formatted(now, wanted);
  }

  private static String modes(SessionInfo info) {
    return info.agentModes().stream().map(AgentMode::id).collect(Collectors.joining(", "));
  }

  private static String activity(SessionInfo info) {
    String source = info.raw().getActivity().getSource().name();
    return info.raw().hasActivity()
        ? "%s, judged by %s"
            .formatted(
                Show.word(info.activity()),
                source.replace("EVIDENCE_SOURCE_", "").toLowerCase(Locale.ROOT))
        : "";
  }

  private static String approvals(SessionInfo info) {
    List<Approval> waiting = info.pendingApprovals();
    return waiting.isEmpty()
        ? ""
        : "%d waiting: %s"
            .formatted(
                waiting.size(),
                waiting.stream().map(Approval::id).collect(Collectors.joining(", ")));
  }

  private static String git(GitInfo git) {
    StringBuilder text = new StringBuilder(Show.plain(git.branch()));
    if (git.operation() != GitInfo.Operation.NONE) {
      text.append(", ").append(Show.word(git.operation())).append(" under way");
    }
    if (git.conflictCount() > 0) {
      text.append(
          git.conflicts().stream()
              .limit(CONFLICTS)
              .map(one -> Show.plain(one.path()) + " (" + Show.word(one.kind()) + ")")
              .collect(Collectors.joining(", ", ", conflicts: ", "")));
      if (git.conflictCount() > CONFLICTS) {
        text.append(" and ").append(git.conflictCount() - CONFLICTS).append(" more");
      }
    }
    return text.toString();
  }

  private static String usage(SessionInfo info) {
    Usage usage = info.usage();
    return info.raw().hasUsage()
        ? String.format(
            Locale.ROOT,
            "%d tokens read, %d of them cached, %d written; $%.4f%s",
            usage.inputTokens(),
            usage.cachedInputTokens(),
            usage.outputTokens(),
            usage.costUsd(),
            usage.counted() ? "; some counted in the texts" : "")
        : "";
  }

  private static String labels(Session raw) {
    StringBuilder labels = new StringBuilder();
    raw.getLabelsMap().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(label ->
            labels.append(label.getKey()).append('=').append(label.getValue()).append(' '));
    return labels.toString().strip();
  }

  private static String terminal(Session raw) {
    return switch (raw.getMode()) {
      case SESSION_MODE_PIPES -> "none, on pipes";
      default ->
          "%d rows, %d columns".formatted(raw.getSize().getRows(), raw.getSize().getColumns());
    };
  }

  private static String turns(Session raw) {
    String turns = Long.toString(raw.getTurnCount());
    return raw.getCurrentTurnId().isEmpty()
        ? turns
        : "%s, now %s, %d waiting"
            .formatted(turns, raw.getCurrentTurnId(), raw.getQueuedTurnCount());
  }
}
