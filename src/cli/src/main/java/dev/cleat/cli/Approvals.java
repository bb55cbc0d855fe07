package dev.cleat.cli;

import dev.cleat.client.Approval;
import dev.cleat.client.Approval.Answer;

/** Agents' questions in words. */
final class Approvals {
  private static final int CHARACTERS = 2_000;

  private Approvals() {}

  /** The question, with its tool where it does not say that itself. */
  static String question(Approval approval) {
    return Show.brief(Show.plain(Show.titled(approval.tool(), approval.question())), CHARACTERS);
  }

  /** How it was decided: {@code denied, as nobody answered in time}. */
  static String decision(Approval approval) {
    return approval.answer().map(Approvals::decision).orElse("waiting");
  }

  private static String decision(Answer answer) {
    if (answer.source() == Approval.Source.TERMINAL) {
      return "answered on the terminal";
    }
    return Show.word(answer.decision())
        + switch (answer.source()) {
          case CALL -> answer.by().isEmpty() ? "" : " by " + Show.plain(answer.by());
          case RULE -> " by a rule of the session";
          case DEADLINE -> ", as nobody answered in time";
          case TURN_ENDED -> ", as the turn ended";
          case TERMINAL, UNKNOWN -> "";
        };
  }
}
