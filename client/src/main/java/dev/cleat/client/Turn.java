package dev.cleat.client;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A turn as it was at one moment: a prompt, and what the tool did about it. Immutable.
 *
 * @param raw everything there is about it, as the contract has it
 * @param output what it printed; empty while it has not ended, and where the output was not asked
 *     for
 * @param omittedBytes how many bytes of its output are not in {@code output}: more than was to be
 *     kept, or no longer in the journal; where output was passed on, were not passed on either
 * @param answer all that an agent said to its user, where it gives that as data ({@link
 *     PromptWay#structured}); empty for shells and what else only prints, whose result is {@code
 *     output}, while the turn has not ended, and where the output was not asked for
 */
public record Turn(dev.cleat.v1.Turn raw, String output, long omittedBytes, String answer) {

  /** Where a turn is. */
  public enum State {
    /** A state that this version of the library does not know. */
    UNKNOWN,
    /** Written down. */
    ACCEPTED,
    /** Waiting for the turns before it, or for the tool. */
    QUEUED,
    /** Handed to the tool, which has not said yet that it began. */
    SUBMITTED,
    /** The tool works on it. */
    RUNNING,
    /** Ended, with exit code 0 where there is one. */
    SUCCEEDED,
    /** Ended otherwise. */
    FAILED,
    /** Interrupted at the limit it was given. */
    TIMED_OUT,
    /** Cancelled. */
    CANCELLED,
    /** It cannot be known whether the tool received the prompt, or what became of it. */
    UNCERTAIN;

    /** True for states that do not change any more. */
    public boolean ended() {
      return compareTo(SUCCEEDED) >= 0;
    }
  }

  /** Why a turn did not succeed. */
  public enum EndReason {
    /**
     * It succeeded, it has not ended, or for a reason that this version of the library does not
     * know.
     */
    NONE,
    /** The command ended with an exit code other than 0, or by a signal. */
    EXIT_CODE,
    /** The session's process ended. */
    SESSION_ENDED,
    /** The session's process went down with the server. */
    SESSION_LOST,
    /** What was typed is not a whole command. */
    INCOMPLETE_COMMAND,
    /** It was cancelled. */
    CANCELLED,
    /** Its timeout. */
    TIMEOUT,
    /** It was interrupted and killed, and the tool still did not come back. */
    TOOL_STUCK,
    /** The terminal did not take the prompt. */
    NOT_SUBMITTED,
    /** The agent reported an error: its model's API refused, or did not answer well. */
    AGENT_ERROR,
    /** The agent or its model refused to go on. */
    REFUSED,
    /** A limit of the agent or its model was reached. */
    LIMIT
  }

  /** What the end was judged by. */
  public enum JudgedBy {
    /** Not said. */
    UNKNOWN,
    /** Marks that the shell prints around commands. Exact. */
    MARKS,
    /** No output for a while. A judgement, not a proof. */
    STILLNESS,
    /** The process ended. Exact. */
    PROCESS,
    /** A call, such as cancel, or a limit. */
    CALL,
    /** What the tool itself says, as data. Exact. */
    STRUCTURED,
    /** What the tool's screen shows, by the patterns of the catalogue. A judgement, not a proof. */
    SCREEN
  }

  static Turn of(dev.cleat.v1.Turn raw) {
    return new Turn(raw, "", 0, "");
  }

  /** The identifier. */
  public String id() {
    return raw.getId();
  }

  /** 1 for the session's first turn, then 2, 3 … */
  public long number() {
    return raw.getNumber();
  }

  /** Where it is. */
  public State state() {
    return Names.of(State.class, "TURN_STATE_", raw.getState(), State.UNKNOWN);
  }

  /** True when it does not change any more. */
  public boolean ended() {
    return state().ended();
  }

  /** True when it ended well. */
  public boolean succeeded() {
    return state() == State.SUCCEEDED;
  }

  /** How the command ended; empty while it runs, and where it cannot be known. */
  public Optional<Exit> exit() {
    return Optional.ofNullable(Exit.of(raw.getExit()));
  }

  /** The exit code as a shell tells it; empty while it runs, and where it cannot be known. */
  public OptionalInt exitCode() {
    return exit().map(e -> OptionalInt.of(e.status())).orElse(OptionalInt.empty());
  }

  /** From its start to its end; zero while it runs, and where it did not start. */
  public Duration duration() {
    return Times.of(raw.getDuration());
  }

  /** What its end was judged by. */
  public JudgedBy judgedBy() {
    return Names.of(JudgedBy.class, "EVIDENCE_SOURCE_", raw.getJudgedBy(), JudgedBy.UNKNOWN);
  }

  /** Why it did not succeed. */
  public EndReason endReason() {
    return Names.of(EndReason.class, "TURN_END_REASON_", raw.getEndReason(), EndReason.NONE);
  }

  /** The same in words for a person; often empty. */
  public String statusMessage() {
    return raw.getStatusMessage();
  }

  /** The prompt; empty where it came with an event. */
  public String prompt() {
    return raw.getPrompt();
  }

  /** What it used of a model, as far as the tool says; all zero where it does not. */
  public Usage usage() {
    return Usage.of(raw.getUsage());
  }

  /**
   * The last 4 KiB that its command printed to standard error; empty unless it failed and was a
   * command.
   */
  public String errorTail() {
    return raw.getErrorTail();
  }

  Turn withAnswer(String text) {
    return new Turn(raw, output, omittedBytes, text);
  }

  Turn withOmitted(long bytes) {
    return new Turn(raw, output, bytes, answer);
  }

  @Override
  public String toString() {
    return "Turn[id="
        + id()
        + ", number="
        + number()
        + ", state="
        + state()
        + ", exit="
        + exit()
        + "]";
  }
}
