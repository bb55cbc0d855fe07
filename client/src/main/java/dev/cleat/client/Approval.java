package dev.cleat.client;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A question that an agent asks before it does something, as it was at one moment. Immutable.
 *
 * <pre>{@code
 * for (Approval approval : session.approvals()) {
 *   session.resolve(approval.allow());
 * }
 * }</pre>
 *
 * @param raw everything there is about it, as the contract has it
 */
public record Approval(dev.cleat.v1.Approval raw) {

  /** What an answer that an agent offers means. */
  public enum OptionKind {
    /** A meaning that this version of the library does not know. */
    UNKNOWN,
    /** Do it this time. */
    ALLOW_ONCE,
    /** Do it, and do not ask again. */
    ALLOW_ALWAYS,
    /** Do not do it this time. */
    DENY_ONCE,
    /** Do not do it, and do not ask again. */
    DENY_ALWAYS;

    /** True where it allows. */
    public boolean allows() {
      return this == ALLOW_ONCE || this == ALLOW_ALWAYS;
    }
  }

  /** How a question was decided. */
  public enum Decision {
    /** A decision that this version of the library does not know. */
    UNKNOWN,
    /** It may. */
    ALLOWED,
    /** It may not. */
    DENIED
  }

  /** Who or what decided a question. */
  public enum Source {
    /** A source that this version of the library does not know. */
    UNKNOWN,
    /** Somebody who called, as {@link Session#resolve} does. */
    CALL,
    /** A rule of the session. */
    RULE,
    /** Nobody answered in time. */
    DEADLINE,
    /** The turn ended or was cancelled, or the process that asked is gone. */
    TURN_ENDED,
    /** Somebody answered it by typing into the terminal, or the tool went on by itself. */
    TERMINAL
  }

  /**
   * An answer that an agent offers.
   *
   * @param id its name, for {@link ApprovalReply#option}
   * @param name what it says
   * @param kind what it means
   */
  public record Option(String id, String name, OptionKind kind) {}

  /**
   * How a question was answered.
   *
   * @param decision what was decided
   * @param source by whom
   * @param optionId the option that was chosen; empty when none fits the decision
   * @param by what the caller called itself, or the rule as it stands in the session
   * @param time when
   */
  public record Answer(
      Decision decision, Source source, String optionId, String by, Instant time) {}

  /** The identifier, unique in the session. */
  public String id() {
    return raw.getId();
  }

  /** The turn that waits for it. */
  public String turnId() {
    return raw.getTurnId();
  }

  /** The tool call that it is about; empty when it is about none. */
  public String callId() {
    return raw.getCallId();
  }

  /** The agent's tool, as in {@link TurnEvent.ToolCall}. */
  public String tool() {
    return raw.getTool();
  }

  /** The question, in one line for a person. */
  public String question() {
    return raw.getQuestion();
  }

  /** The input of the tool, as in {@link TurnEvent.ToolCall}. */
  public String inputJson() {
    return raw.getInputJson();
  }

  /** The answers there are, as the agent offers them. */
  public List<Option> options() {
    return raw.getOptionsList().stream()
        .map(option ->
            new Option(
                option.getId(),
                option.getName(),
                Names.of(
                    OptionKind.class,
                    "APPROVAL_OPTION_KIND_",
                    option.getKind(),
                    OptionKind.UNKNOWN)))
        .toList();
  }

  /** When it is denied by itself. */
  public Instant deadline() {
    return Times.of(raw.getDeadline());
  }

  /** When it was asked. */
  public Instant created() {
    return Times.of(raw.getCreateTime());
  }

  /** The answer; empty while there is none. */
  public Optional<Answer> answer() {
    dev.cleat.v1.ApprovalAnswer answer = raw.getAnswer();
    return raw.hasAnswer()
        ? Optional.of(
            new Answer(
                Names.of(
                    Decision.class, "APPROVAL_DECISION_", answer.getDecision(), Decision.UNKNOWN),
                Names.of(Source.class, "APPROVAL_SOURCE_", answer.getSource(), Source.UNKNOWN),
                answer.getOptionId(),
                answer.getBy(),
                Times.of(answer.getTime())))
        : Optional.empty();
  }

  /** Says that it may, for {@link Session#resolve}. */
  public ApprovalReply allow() {
    return ApprovalReply.allow(id());
  }

  /** Says that it may not, for {@link Session#resolve}. */
  public ApprovalReply deny() {
    return ApprovalReply.deny(id());
  }

  @Override
  public String toString() {
    return "Approval[id="
        + id()
        + ", tool="
        + tool()
        + ", question="
        + question()
        + ", answer="
        + answer()
        + "]";
  }
}
