package dev.cleat.cli;

import dev.cleat.cli.terminal.OutputFilter;
import dev.cleat.client.Approval;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import dev.cleat.client.TurnEvent;
import dev.cleat.client.TurnEvents;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Shows a turn of an agent while it runs: what it says as a result, what it does in lines beside.
 * For one thread.
 */
final class AgentTurn {
  static final int TIMED_OUT = 124;
  static final int CANCELLED = 130;

  private static final int LINE_CHARACTERS = 200;

  private final Streams streams;
  private final String name;
  private final boolean person;
  private final OutputFilter filter = OutputFilter.plain();
  private final ApprovalDialog dialog;
  private final Map<String, String> calls = new HashMap<>();
  private String error = "";
  private byte last = '\n';

  /**
   * For a turn of this session.
   *
   * @param name what the user calls the session
   */
  AgentTurn(Streams streams, Session session, String name) {
    this.streams = streams;
    this.name = name;
    this.person = streams.typed().getAsBoolean() && streams.seen().getAsBoolean();
    this.dialog = new ApprovalDialog(streams, session);
  }

  /** Returns the turn when it has ended, having shown all there is to see of it. */
  Turn show(RunningTurn running) {
    return follow(running, this::show);
  }

  /** The same, having shown only the agent's questions. */
  Turn await(RunningTurn running) {
    return follow(
        running,
        event -> {
          if (event instanceof TurnEvent.ApprovalAsked
              || event instanceof TurnEvent.ApprovalResolved) {
            show(event);
          }
        });
  }

  private Turn follow(RunningTurn running, Consumer<TurnEvent> show) {
    try (TurnEvents events = running.events()) {
      events.forEach(show);
      freshLine();
      return events.end().orElseGet(running::refresh);
    }
  }

  /** Says why a turn did not succeed, unless the agent has. */
  void explain(Turn turn) {
    String why = Show.plain(turn.statusMessage());
    if (!turn.succeeded() && (why.isEmpty() || !error.contains(why))) {
      streams.note(
          "cleat: the turn is %s%s"
              .formatted(Show.state(turn), why.isEmpty() ? "" : ": " + line(why)));
    }
    turn.errorTail()
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((first, second) -> second)
        .ifPresent(line -> streams.note("cleat: its command said: " + line(line)));
  }

  /** What the command ends with. */
  static int exitCode(Turn turn) {
    return switch (turn.state()) {
      case SUCCEEDED -> ExitCode.DONE;
      case TIMED_OUT -> TIMED_OUT;
      case CANCELLED -> CANCELLED;
      default -> ExitCode.FAILED;
    };
  }

  private void show(TurnEvent event) {
    switch (event) {
      case TurnEvent.AgentText text -> print(text.text());
      case TurnEvent.ToolCall call -> {
        calls.put(call.callId(), call.name());
        note("● " + line(Show.titled(call.name(), call.title())));
      }
      case TurnEvent.ToolResult result -> {
        if (result.failed()) {
          note("✗ " + line(Show.titled(calls.get(result.callId()), result.text())));
        }
      }
      case TurnEvent.AgentModeChanged change -> note("● mode: " + line(change.mode()));
      case TurnEvent.AgentError failed -> {
        error = Show.plain(failed.message());
        note("cleat: the agent reports: " + line(failed.message()));
      }
      case TurnEvent.ApprovalAsked asked -> ask(asked.approval());
      case TurnEvent.ApprovalResolved resolved -> resolved(resolved.approval());
      case TurnEvent.Missing missing -> note(Notices.gap(missing.gap()));
      case TurnEvent.AgentThought thought -> {}
      case TurnEvent.UsageReported used -> {}
      case TurnEvent.AgentMessage message -> {}
    }
  }

  private void ask(Approval approval) {
    if (approval.answer().isPresent()) {
      return; // by a rule
    }
    freshLine();
    if (person) {
      dialog.asked(approval);
    } else {
      streams.note(
          "cleat: the agent asks and waits: %s; answer with cleat approve %s %s or cleat deny %s %s"
              .formatted(Approvals.question(approval), name, approval.id(), name, approval.id()));
    }
  }

  private void resolved(Approval approval) {
    if (person) {
      dialog.resolved(approval);
    } else if (approval.answer().map(a -> a.source() != Approval.Source.RULE).orElse(false)) {
      note("cleat: %s: %s".formatted(Approvals.decision(approval), Approvals.question(approval)));
    }
  }

  private void print(String text) {
    byte[] shown = filter.filter(text.getBytes(StandardCharsets.UTF_8));
    if (shown.length > 0) {
      last = shown[shown.length - 1];
      streams.print(shown);
    }
  }

  private void note(String text) {
    freshLine();
    streams.note(text);
  }

  /** On a terminal, a line of what the agent says is not gone on with by another's. */
  private void freshLine() {
    if (last != '\n' && streams.seen().getAsBoolean()) {
      streams.line("");
      last = '\n';
    }
  }

  private static String line(@Nullable String text) {
    return Show.brief(Show.plain(text == null ? "" : text), LINE_CHARACTERS);
  }
}
