package dev.cleat.server.session;

import dev.cleat.server.session.ScreenJudge.Verdict;
import dev.cleat.server.session.Sight.Asked;
import dev.cleat.server.session.Sight.Offered;
import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.server.tool.agent.Texts;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.ApprovalOptionKind;
import dev.cleat.v1.TurnEndReason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The questions that a tool asks on its screen. Those that the catalogue knows are answered with
 * its keys; at one that it does not know no key is pressed.
 *
 * <p>Confined to the session's lock.
 */
final class ScreenQuestions {
  private static final Duration EFFECT = Duration.ofSeconds(5);
  private static final String UNKNOWN =
      "The tool shows something that is not known and waits: it may be a question";

  /**
   * A question on the screen.
   *
   * @param about what tells it from the next one
   * @param answers none where it is not known
   */
  private record Open(String id, String about, List<Offered> answers) {}

  private final PromptTyping.Keyboard keyboard;
  private final Consumer<AgentSaid> heard;
  private int count;
  private @Nullable Open open;
  private @Nullable Instant answered;
  private @Nullable Outcome stranded;

  ScreenQuestions(PromptTyping.Keyboard keyboard, Consumer<AgentSaid> heard) {
    this.keyboard = keyboard;
    this.heard = heard;
  }

  /** Whether the screen shows one, answered or not. */
  boolean isOpen() {
    return open != null;
  }

  /** Whether it is one that nobody can or will answer. */
  boolean isStranded() {
    return stranded != null;
  }

  /** Why the tool does not go on. It is stranded. */
  Outcome stranded() {
    if (stranded == null) {
      throw new IllegalStateException("it is not stranded");
    }
    return stranded;
  }

  /** The screen, or the time, has moved on. */
  void look(Sight sight, Verdict verdict, boolean settled, Instant now) {
    final Open before = open;
    final String about = about(sight, verdict);
    if (before != null) {
      final boolean gone = settled ? !before.about().equals(about) : sight.tick().isPresent();
      final boolean again =
          answered != null
              && before.about().equals(about)
              && !before.answers().isEmpty()
              && !now.isBefore(answered.plus(EFFECT));
      if (!gone && !again) {
        return;
      }
      if (answered == null) {
        heard.accept(new AgentSaid.Withdrawn(before.id()));
      }
      open = null;
      answered = null;
      stranded = null;
    }
    if (!about.isEmpty() && settled) {
      ask(about, sight, verdict);
    }
  }

  /** What tells the question that is there from others; empty when there is none. */
  private static String about(Sight sight, Verdict verdict) {
    return switch (verdict) {
      case QUESTION -> sight.question().map(Asked::about).orElse("");
      case STRANGE -> String.join("\n", sight.look().lines());
      case READY, WORKING, OTHER -> "";
    };
  }

  private void ask(String about, Sight sight, Verdict verdict) {
    final Optional<Asked> known = verdict == Verdict.QUESTION ? sight.question() : Optional.empty();
    final Open asked =
        new Open(Integer.toString(++count), about, known.map(Asked::answers).orElse(List.of()));
    open = asked;
    final Approval.Builder approval =
        Approval.newBuilder()
            .setId(asked.id())
            .setTool(known.map(one -> one.form().tool()).orElse(""))
            .setQuestion(Texts.cut(known.map(Asked::about).orElse(UNKNOWN), Texts.MOST_LINE_BYTES))
            .setScreenText(
                Texts.cut(
                    known
                        .map(Asked::text)
                        .orElseGet(() -> String.join("\n", sight.look().lines()).strip()),
                    Texts.MOST_BYTES));
    for (int i = 0; i < asked.answers().size(); i++) {
      final Offered offered = asked.answers().get(i);
      approval.addOptions(
          ApprovalOption.newBuilder()
              .setId(Integer.toString(i + 1))
              .setName(Texts.cut(offered.name(), Texts.MOST_LINE_BYTES))
              .setKind(kind(offered)));
    }
    heard.accept(new AgentSaid.Asked(approval));
  }

  private static ApprovalOptionKind kind(Offered offered) {
    return switch (offered.form().kind()) {
      case ALLOW_ONCE -> ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ONCE;
      case ALLOW_ALWAYS -> ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ALWAYS;
      case DENY_ONCE -> ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ONCE;
      case DENY_ALWAYS -> ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ALWAYS;
    };
  }

  /** A question has been decided. */
  void answer(String id, ApprovalAnswer answer, Instant now) {
    final Open asked = open;
    if (asked == null || !asked.id().equals(id) || answered != null) {
      return;
    }
    answered = now;
    if (!answer.getOptionId().isEmpty()) {
      final Offered offered = asked.answers().get(Integer.parseInt(answer.getOptionId()) - 1);
      if (!keyboard.type(offered.form().keys())) {
        // A client typed in the same instant. Should the question still be there, it is asked anew.
        answered = now.minus(EFFECT);
      }
    } else if (answer.getDecision() == ApprovalDecision.APPROVAL_DECISION_DENIED) {
      stranded =
          new Outcome(
              TurnEndReason.TURN_END_REASON_UNKNOWN_QUESTION,
              "the tool asks something, and it is not known how to answer that; see the screen");
    }
  }

  /** When to look again at the latest; empty when nothing waits for time to pass. */
  Optional<Instant> next() {
    return Optional.ofNullable(answered)
        .filter(_ -> open != null && !open.answers().isEmpty())
        .map(at -> at.plus(EFFECT));
  }
}
