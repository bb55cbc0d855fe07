package dev.cleat.cli;

import dev.cleat.client.ApprovalRule;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.SessionSettings;
import dev.cleat.v1.ApprovalSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat set}. */
@Command(
    name = "set",
    description = "Change settings of a session. What is not said stays.",
    footer = {"", "Example: cleat set helper --model opus --auto-approve 'Bash:^git '"})
final class SetCommand implements Callable<Integer> {
  private static final Duration APPROVAL_TIMEOUT = Duration.ofMinutes(5);

  private final Streams streams;

  @Option(names = "--name", paramLabel = "NAME", description = "Another name; '' for none.")
  private @Nullable String name;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "KEY=VALUE",
      description = "A label, beside those it has. May be repeated.")
  private Map<String, String> labels = new LinkedHashMap<>();

  @Option(
      names = "--no-label",
      paramLabel = "KEY",
      description = "Takes a label away. May be repeated.")
  private List<String> noLabels = new ArrayList<>();

  @Option(
      names = "--revive",
      paramLabel = "WHEN",
      description = "When to start it again after its server went down: ${COMPLETION-CANDIDATES}.")
  private @Nullable Revive revive;

  @Option(names = "--no-auto-approve", description = "Ask about everything.")
  private boolean askAll;

  @Mixin private final SettingsOptions settings = new SettingsOptions();
  @Mixin private final ApprovalOptions approvals = new ApprovalOptions();
  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  SetCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    List<ApprovalRule> rules = approvals.rules();
    if (askAll && !rules.isEmpty()) {
      throw CliException.usage("--no-auto-approve and --auto-approve exclude each other");
    }
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      SessionSettings changes = new SessionSettings();
      boolean any = plain(changes);
      any |= labels(changes, found.info());
      any |= approvals(changes, found.info(), rules);
      if (!any) {
        throw CliException.usage("say what to change; cleat set --help lists what there is");
      }
      SessionInfo now = found.update(changes);
      if (format.json()) {
        streams.line(Json.of(now.raw()));
      }
      return ExitCode.DONE;
    }
  }

  private boolean plain(SessionSettings changes) {
    if (name != null) {
      changes.name(name);
    }
    if (revive != null) {
      changes.revive(revive.policy());
    }
    return settings.apply(changes) || name != null || revive != null;
  }

  private boolean labels(SessionSettings changes, SessionInfo now) {
    if (labels.isEmpty() && noLabels.isEmpty()) {
      return false;
    }
    Map<String, String> all = new LinkedHashMap<>(now.raw().getLabelsMap());
    noLabels.forEach(all::remove);
    all.putAll(labels);
    changes.labels(all);
    return true;
  }

  /** The contract has one field for all of them: what is not said is taken from what there is. */
  private boolean approvals(SessionSettings changes, SessionInfo now, List<ApprovalRule> rules) {
    if (!askAll && rules.isEmpty() && approvals.timeout() == null) {
      return false;
    }
    ApprovalSettings old = now.raw().getApprovals();
    Duration timeout = approvals.timeout();
    if (timeout == null) {
      timeout =
          old.hasTimeout() ? Duration.ofSeconds(old.getTimeout().getSeconds()) : APPROVAL_TIMEOUT;
    }
    List<ApprovalRule> kept =
        old.getAutoApproveList().stream()
            .map(rule -> new ApprovalRule(rule.getTool(), rule.getPattern()))
            .toList();
    changes.approvals(askAll || !rules.isEmpty() ? rules : kept, timeout);
    return true;
  }
}
