package dev.cleat.server.session;

import dev.cleat.server.reader.TokenCounter;
import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.Usage;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The turn that the tool has: where it stands, why it is being ended if it is, and what becomes of
 * it in the end. Confined to the session's lock.
 */
final class CurrentTurn {
  /** Why a turn is being ended from outside. */
  enum Cause {
    NONE,
    CANCELLED,
    TIMEOUT,
    INCOMPLETE
  }

  private final Preview preview = new Preview();
  private final TokenCounter answer = new TokenCounter();
  private final @Nullable Instant deadline;
  private Turn turn;
  private Cause cause = Cause.NONE;
  private OptionalInt lastCode = OptionalInt.empty();
  private @Nullable Usage usage;
  private long lastHeard;
  private String lastError = "";

  CurrentTurn(Turn turn, @Nullable Instant deadline) {
    this.turn = turn;
    this.deadline = deadline;
  }

  Turn turn() {
    return turn;
  }

  String id() {
    return turn.getId();
  }

  boolean running() {
    return turn.getState() == TurnState.TURN_STATE_RUNNING;
  }

  /** When its time is over; null when it has no limit. */
  @Nullable Instant deadline() {
    return deadline;
  }

  Cause cause() {
    return cause;
  }

  /** It is to end, for this reason; the first one counts. */
  void end(Cause reason) {
    if (cause == Cause.NONE) {
      cause = reason;
    }
  }

  /** The turn as it is when its tool begins. */
  Turn begun(Evidence at, long outputOffset) {
    return turn.toBuilder()
        .setState(TurnState.TURN_STATE_RUNNING)
        .setStartTime(Times.timestamp(at.time()))
        .setOutputStartOffset(outputOffset)
        .setFirstSeq(at.seq())
        .build();
  }

  /** Nothing of it got to its tool, for this reason: it waits again. */
  Turn waitingAgain(String why) {
    return turn.toBuilder()
        .setState(TurnState.TURN_STATE_QUEUED)
        .setStatusMessage(why)
        .clearOutputStartOffset()
        .clearFirstSeq()
        .build();
  }

  /** It has moved on, as the journal has it. */
  void become(Turn now) {
    turn = now;
  }

  void printed(byte[] bytes, int from, int count) {
    if (running()) {
      preview.feed(bytes, from, count);
    }
  }

  /** Its agent said something. */
  void heard(Event.Builder event, long seq) {
    lastHeard = seq;
    switch (event.getKindCase()) {
      case AGENT_TEXT -> {
        showed(event.getAgentText().getText());
        answer.add(event.getAgentText().getText());
      }
      case AGENT_ERROR -> lastError = event.getAgentError().getMessage();
      case USAGE_REPORTED -> {
        if (event.getUsageReported().hasUsage()) {
          usage = event.getUsageReported().getUsage();
        }
      }
      default -> {}
    }
  }

  /** This is what its agent answered. */
  void showed(String text) {
    final byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    preview.feed(bytes, 0, bytes.length);
  }

  /** It is not known what becomes of it. */
  Turn unsure(Outcome why, EvidenceSource source, Evidence at) {
    final Turn.Builder ending = closed(turn.toBuilder().setJudgedBy(source), at);
    if (cause == Cause.NONE) {
      ending
          .setState(TurnState.TURN_STATE_UNCERTAIN)
          .setEndReason(why.reason())
          .setStatusMessage(why.message());
    }
    return ending.build();
  }

  /** Its agent says that it has ended. */
  Turn finishedByAgent(AgentSaid.Ended end, EvidenceSource source, Evidence at) {
    final Turn.Builder ending = turn.toBuilder().setJudgedBy(source);
    if (end.exit() != null) {
      ending.setExit(end.exit());
    }
    closed(ending, at);
    if (source == EvidenceSource.EVIDENCE_SOURCE_STRUCTURED) {
      // Elsewhere the answer is not known whole.
      ending.setUsage(usage == null ? counted() : usage);
    }
    final boolean wanted =
        end.outcome().reason() == TurnEndReason.TURN_END_REASON_CANCELLED
            || !end.outcome().succeeded();
    if (cause == Cause.NONE && wanted) {
      ending
          .setState(
              end.outcome().reason() == TurnEndReason.TURN_END_REASON_CANCELLED
                  ? TurnState.TURN_STATE_CANCELLED
                  : TurnState.TURN_STATE_FAILED)
          .setEndReason(end.outcome().reason())
          .setStatusMessage(end.outcome().message());
    }
    if (ending.getState() != TurnState.TURN_STATE_SUCCEEDED) {
      ending.setErrorTail(end.errorTail());
    }
    return ending.build();
  }

  /** What can be said where the agent does not say what it used. */
  private Usage counted() {
    return Usage.newBuilder()
        .setInputTokens(TokenCounter.count(turn.getPrompt()))
        .setOutputTokens(answer.tokens())
        .setCounted(true)
        .build();
  }

  /** The shell reported this exit code before it said that anything began. */
  void reported(int code) {
    lastCode = OptionalInt.of(code);
  }

  /** It has ended with an exit code, as the shell's marks say. */
  Turn finished(int code, Evidence at) {
    final Turn.Builder ending =
        turn.toBuilder()
            .setExit(Exit.newBuilder().setCode(code))
            .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_MARKS);
    return closed(ending, at).build();
  }

  /** The shell is at its next prompt, and has not said how the turn ended. */
  Turn finishedAtPrompt(Evidence at) {
    if (!running() && lastCode.isPresent()) {
      become(begun(at, at.offset()));
      return finished(lastCode.getAsInt(), at);
    }
    final Turn.Builder ending =
        closed(turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_MARKS), at);
    if (cause == Cause.NONE) {
      if (running()) {
        ending
            .setState(TurnState.TURN_STATE_UNCERTAIN)
            .setStatusMessage("the shell did not say how the command ended");
      } else {
        ending
            .setState(TurnState.TURN_STATE_FAILED)
            .setEndReason(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED)
            .setStatusMessage("the shell took the line and ran nothing");
      }
    }
    return ending.build();
  }

  /** Nothing has been printed for long enough. */
  Turn finishedByStillness(Evidence at) {
    return closed(turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_STILLNESS), at)
        .build();
  }

  /** It was interrupted and killed, and the tool has not come back. */
  Turn stuck(Evidence at) {
    return closed(turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_CALL), at)
        .setEndReason(TurnEndReason.TURN_END_REASON_TOOL_STUCK)
        .setStatusMessage("the tool did not come back after interrupts and a kill")
        .build();
  }

  /** The session's process has ended with it. */
  Turn endedWithSession(@Nullable Exit exit, Evidence at) {
    final Turn.Builder ending =
        turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_PROCESS);
    if (exit != null) {
      ending.setExit(exit);
    }
    closed(ending, at);
    if (cause != Cause.NONE) {
      return ending.build();
    }
    if (!running()) {
      ending
          .setState(TurnState.TURN_STATE_UNCERTAIN)
          .setEndReason(TurnEndReason.TURN_END_REASON_SESSION_ENDED)
          .setStatusMessage("the session ended before its tool said that it began");
    } else if (ending.getState() == TurnState.TURN_STATE_FAILED) {
      ending
          .setEndReason(TurnEndReason.TURN_END_REASON_SESSION_ENDED)
          .setStatusMessage("the session's process ended with the turn");
    }
    return ending.build();
  }

  /**
   * Likewise, and its agent has not said that the turn has: however the process ended, it failed.
   */
  Turn endedWithoutAnswer(@Nullable Exit exit, String errorTail, Evidence at) {
    final Turn.Builder ending = endedWithSession(exit, at).toBuilder().setErrorTail(errorTail);
    if (ending.getState() == TurnState.TURN_STATE_SUCCEEDED) {
      ending
          .setState(TurnState.TURN_STATE_FAILED)
          .setEndReason(TurnEndReason.TURN_END_REASON_SESSION_ENDED)
          .setStatusMessage("the agent's process ended before it had answered");
    }
    return ending.build();
  }

  /** The server went down while its tool had it. */
  Turn lostWithSession(Instant now) {
    return abandoned(
            turn, TurnState.TURN_STATE_UNCERTAIN, TurnEndReason.TURN_END_REASON_SESSION_LOST, now)
        .setStatusMessage("the server went down while the turn was with its tool")
        .build();
  }

  private Turn.Builder closed(Turn.Builder ending, Evidence at) {
    switch (cause) {
      case NONE -> {
        final boolean zero =
            !ending.hasExit() || (ending.getExit().hasCode() && ending.getExit().getCode() == 0);
        ending
            .setState(zero ? TurnState.TURN_STATE_SUCCEEDED : TurnState.TURN_STATE_FAILED)
            .setEndReason(
                zero
                    ? TurnEndReason.TURN_END_REASON_UNSPECIFIED
                    : TurnEndReason.TURN_END_REASON_EXIT_CODE);
      }
      case CANCELLED ->
          ending
              .setState(TurnState.TURN_STATE_CANCELLED)
              .setEndReason(TurnEndReason.TURN_END_REASON_CANCELLED);
      case TIMEOUT ->
          ending
              .setState(TurnState.TURN_STATE_TIMED_OUT)
              .setEndReason(TurnEndReason.TURN_END_REASON_TIMEOUT)
              .setStatusMessage(timeOut());
      case INCOMPLETE ->
          ending
              .setState(TurnState.TURN_STATE_FAILED)
              .setEndReason(TurnEndReason.TURN_END_REASON_INCOMPLETE_COMMAND)
              .setStatusMessage("the prompt is not a whole command: a quote or a bracket is open");
    }
    ending
        .setEndTime(Times.timestamp(at.time()))
        .setOutputEndOffset(Math.max(at.offset(), ending.getOutputStartOffset()))
        .setLastSeq(Math.max(lastHeard > 0 ? lastHeard : at.seq(), ending.getFirstSeq()))
        .setOutputPreview(preview.text());
    if (ending.hasStartTime()) {
      ending.setDuration(
          Times.duration(Duration.between(Times.instant(ending.getStartTime()), at.time())));
    }
    return ending;
  }

  private String timeOut() {
    final String limit =
        "it did not end within its timeout of "
            + BigDecimal.valueOf(Times.duration(turn.getTimeout()).toMillis(), 3)
                .stripTrailingZeros()
                .toPlainString()
            + " s";
    return lastError.isEmpty() ? limit : limit + "; the agent's last error: " + lastError;
  }

  /** A turn that its tool never got, or that was with it when the server went down. */
  static Turn.Builder abandoned(Turn turn, TurnState state, TurnEndReason reason, Instant now) {
    return turn.toBuilder()
        .setState(state)
        .setEndReason(reason)
        .setEndTime(Times.timestamp(now))
        .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_PROCESS);
  }
}
