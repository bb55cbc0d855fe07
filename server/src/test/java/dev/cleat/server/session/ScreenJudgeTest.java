package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.session.ScreenJudge.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What is made of screens, in the time of a clock that the test moves. */
class ScreenJudgeTest {
  private final ScreenJudge judge = new ScreenJudge(Screens.FORM);
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private void see(Look look) {
    judge.look(look, now);
    judge.printed(0);
  }

  private Verdict after(Duration time) {
    now = now.plus(time);
    return judge.verdict(now, false);
  }

  private Verdict after(int millis) {
    return after(Duration.ofMillis(millis));
  }

  @Test
  void nothingIsKnownBeforeTheFirstLook() {
    assertThat(judge.verdict(now, false)).isEqualTo(Verdict.OTHER);
    assertThat(judge.tick(now)).isEmpty();
  }

  @Test
  void emptyInputLineIsReadyOnceItHasStoodStill() {
    see(Screens.of("hello", "", "> "));

    assertThat(after(999)).isEqualTo(Verdict.OTHER);
    assertThat(after(1)).isEqualTo(Verdict.READY);
  }

  @Test
  void changeBeginsTheStillnessAnew() {
    see(Screens.of("hello", "> "));
    now = now.plusMillis(900);
    see(Screens.of("hello,", "> "));
    assertThat(after(900)).isEqualTo(Verdict.OTHER);
    // The same again is no change.
    see(Screens.of("hello,", "> "));
    assertThat(after(100)).isEqualTo(Verdict.READY);
  }

  @Test
  void whatIsPrintedAndNotDrawnYetIsAChange() {
    see(Screens.of("> "));
    now = now.plusSeconds(60);
    judge.printed(1);
    assertThat(after(0)).isEqualTo(Verdict.OTHER);
  }

  @Test
  void typedTextIsNotReadyAndAHintIs() {
    see(Screens.of("> half a li"));
    assertThat(after(5_000)).isEqualTo(Verdict.OTHER);
    see(Screens.at(Screens.of("> Ask me anything"), 0, 2, true));
    assertThat(after(1_000)).isEqualTo(Verdict.READY);
    // A person who goes to the beginning of the line has still typed it.
    see(Screens.at(Screens.of("> half a li"), 0, 2, false));
    assertThat(after(5_000)).isEqualTo(Verdict.OTHER);
  }

  @Test
  void tickIsWorkForAsLongAsItIsThere() {
    see(Screens.of("* Working (3s)", "> "));
    assertThat(after(0)).isEqualTo(Verdict.WORKING);
    assertThat(after(Duration.ofHours(1))).isEqualTo(Verdict.WORKING);
    see(Screens.of("done", "> "));
    assertThat(after(1_000)).isEqualTo(Verdict.READY);
    see(Screens.titled("/ busy", "done", "> "));
    assertThat(after(1_000)).isEqualTo(Verdict.WORKING);
  }

  @Test
  void ticksAreCountedAndActiveForThreeSeconds() {
    see(Screens.of("* Working (3s)", "> "));
    see(Screens.of("* Working (3s)", "", "> "));
    see(Screens.of("* Working (4s)", "> "));

    final var tick = judge.tick(Instant.EPOCH.plusSeconds(2)).orElseThrow();
    assertThat(tick.getValue()).isEqualTo("* Working (4s)");
    assertThat(tick.getCount()).isEqualTo(2);
    assertThat(tick.getActive()).isTrue();
    assertThat(judge.tick(Instant.EPOCH.plusSeconds(3)).orElseThrow().getActive()).isFalse();
  }

  @Test
  void silenceWithoutAnInputLineIsNotReadyAndStrangeAfterALongTime() {
    see(Screens.of("The beginning of an answer"));
    assertThat(after(9_999)).isEqualTo(Verdict.OTHER);
    assertThat(after(1)).isEqualTo(Verdict.STRANGE);
  }

  @Test
  void whatAPersonTypesIsNotStrange() {
    see(Screens.of("> half a li"));
    now = now.plusSeconds(60);
    assertThat(judge.verdict(now, true)).isEqualTo(Verdict.OTHER);
    assertThat(judge.verdict(now, false)).isEqualTo(Verdict.STRANGE);
  }

  @Test
  void knownQuestionIsFoundWithItsAnswers() {
    see(Screens.of("before", "May I do it?", "1. Yes, once", "2. No"));
    assertThat(after(149)).isEqualTo(Verdict.OTHER);
    assertThat(after(1)).isEqualTo(Verdict.QUESTION);

    final Sight sight = Objects.requireNonNull(judge.sight());
    final Sight.Asked asked = sight.question().orElseThrow();
    assertThat(asked.about()).isEqualTo("do it");
    assertThat(asked.form().tool()).isEqualTo("doing");
    assertThat(asked.text()).isEqualTo("May I do it?\n1. Yes, once\n2. No");
    assertThat(asked.answers()).extracting(Sight.Offered::name).containsExactly("Yes, once", "No");
  }

  @Test
  void questionThatIsOnlyQuotedAboveTheInputLineIsNone() {
    see(Screens.of("It asked: ", "May I do it?", "1. Yes", "", "> "));
    assertThat(after(1_000)).isEqualTo(Verdict.READY);
  }

  @Test
  void answerIsWhatStandsBetweenThePromptAndTheInputLine() {
    final Sight sight =
        Sight.of(
            Screens.FORM,
            Screens.of("> earlier", "! old trouble", "> now", "", "An answer", "-----", "> "));
    assertThat(sight.answer(Screens.FORM)).isEqualTo("An answer");
    assertThat(sight.failure(Screens.FORM)).isEmpty();
    assertThat(
            Sight.of(Screens.FORM, Screens.of("> now", "! new trouble", "> "))
                .failure(Screens.FORM))
        .contains("new trouble");
  }
}
