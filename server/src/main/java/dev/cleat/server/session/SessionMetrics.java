package dev.cleat.server.session;

import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.telemetry.Timings;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.Event;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What sessions measure and trace. Thread-safe; output pays for one adder. */
final class SessionMetrics {
  private final Counter output =
      new Counter("cleat_output_bytes", "Bytes that sessions have printed, in their journals.");
  private final Counter lost =
      new Counter(
          "cleat_output_lost_bytes",
          "Bytes that sessions have printed and that are in no journal: always 0 but for what is"
              + " printed while the server ends without room on the disk.");
  private final Counter outputStalls =
      new Counter(
          "cleat_output_stalls",
          "How often a session was held back because its output could not be written down.");
  private final Counter inputStalls =
      new Counter(
          "cleat_input_stalls", "How often a session did not take what was typed, so it waited.");
  private final Counter prompts =
      new Counter(
          "cleat_turns", "Turns that came into a state, by the session's tool.", "tool", "state");
  private final Timings turns =
      new Timings(
          "cleat_turn_duration_seconds",
          "From the start of a turn to its end, by the state it ended in.",
          Timings.LONG,
          "tool",
          "state");
  private final Counter asked =
      new Counter("cleat_approvals_requested", "Questions that agents have asked.");
  private final Counter answered =
      new Counter("cleat_approvals_answered", "Answers to them, by whom.", "source");
  private final Timings flushes =
      new Timings(
          "cleat_store_flush_seconds", "A save of what has changed to the store.", Timings.MEDIUM);
  private final Counter flushFailures =
      new Counter("cleat_store_flush_failures", "Saves that failed, and are tried again.");
  private final Gauge sessions;
  private final LongAdder outputBytes = output.of();
  private final LongAdder lostBytes = lost.of();
  private final LongAdder outputStallCount = outputStalls.of();
  private final LongAdder inputStallCount = inputStalls.of();
  private final LongAdder askedCount = asked.of();
  private final Timings.Of flush = flushes.of();
  private final LongAdder flushFailureCount = flushFailures.of();
  private final Tracing tracing;

  SessionMetrics(Store store, Tracing tracing) {
    this.tracing = tracing;
    this.sessions =
        new Gauge(
            "cleat_sessions",
            "Sessions, by tenant, state and tool.",
            List.of("tenant", "state", "tool"),
            () -> counts(store));
    for (ApprovalSource source : ApprovalSource.values()) {
      if (source != ApprovalSource.UNRECOGNIZED
          && source != ApprovalSource.APPROVAL_SOURCE_UNSPECIFIED) {
        final LongAdder _ = answered.of(word(source));
      }
    }
  }

  private static Map<List<String>, Double> counts(Store store) {
    final Map<List<String>, Double> counts = new HashMap<>();
    store
        .countByTenantStateAndTool()
        .forEach(count -> {
          final SessionState state = SessionState.forNumber(count.state());
          counts.put(
              List.of(count.tenant(), state == null ? "unknown" : word(state), count.tool()),
              (double) count.sessions());
        });
    return counts;
  }

  /** All of them. */
  List<Meter> meters() {
    return List.of(
        sessions,
        output,
        lost,
        outputStalls,
        inputStalls,
        prompts,
        turns,
        asked,
        answered,
        flushes,
        flushFailures);
  }

  /** The traces that turns are in. */
  Tracing tracing() {
    return tracing;
  }

  void printed(int bytes) {
    outputBytes.add(bytes);
  }

  void lost(int bytes) {
    lostBytes.add(bytes);
  }

  void heldBack() {
    outputStallCount.increment();
  }

  void notTaken() {
    inputStallCount.increment();
  }

  void flushed(long nanos) {
    flush.took(nanos);
  }

  void flushFailed() {
    flushFailureCount.increment();
  }

  /**
   * An event was appended, and not folded yet.
   *
   * @param before what it is folded into
   */
  void appended(Event event, Fold before) {
    switch (event.getKindCase()) {
      case TURN_CHANGED -> {
        final Turn turn = event.getTurnChanged().getTurn();
        final Turn known = before.turn(turn.getId());
        if (known == null || known.getState() != turn.getState()) {
          changed(turn, before.session());
        }
      }
      case APPROVAL_REQUESTED -> askedCount.increment();
      case APPROVAL_RESOLVED ->
          answered
              .of(word(event.getApprovalResolved().getApproval().getAnswer().getSource()))
              .increment();
      default -> {}
    }
  }

  private void changed(Turn turn, SessionOrBuilder session) {
    final String tool = session.getTool();
    final String state = word(turn.getState());
    prompts.of(tool, state).increment();
    if (Fold.ended(turn.getState()) && turn.hasDuration()) {
      turns.of(tool, state).took(Times.duration(turn.getDuration()).toNanos());
    }
    tracing.turn(turn, tool, way(session.getPromptWay()));
  }

  private static String way(PromptWay way) {
    return way == PromptWay.PROMPT_WAY_UNSPECIFIED ? "shell" : word(way);
  }

  /** The word of a constant, without what all of its type begin with. */
  private static String word(Enum<?> constant) {
    final String type = constant.getDeclaringClass().getSimpleName();
    return constant
        .name()
        .substring(type.replaceAll("(?<=[a-z])(?=[A-Z])", "_").length() + 1)
        .toLowerCase(Locale.ROOT);
  }
}
