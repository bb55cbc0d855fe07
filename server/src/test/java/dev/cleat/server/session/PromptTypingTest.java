package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.session.PromptTyping.NotSubmitted;
import dev.cleat.server.session.PromptTyping.Progress;
import dev.cleat.server.session.PromptTyping.Submitted;
import dev.cleat.server.session.PromptTyping.Unsure;
import dev.cleat.server.tool.CatalogueForms;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is typed at which screens, in the time of a clock that the test moves. */
class PromptTypingTest {
  private static final String ENTER = "\r";
  private static final Look EMPTY = Screens.of("hello", "> ");

  private final List<String> typed = new ArrayList<>();
  private final ScreenJudge judge = new ScreenJudge(Screens.FORM);
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private boolean clientTypes;

  private PromptTyping typing(String prompt) {
    return new PromptTyping(
        Screens.FORM, prompt, EMPTY, keys -> !clientTypes && typed.add(keys), now);
  }

  /** Steps at once, and once more after this time without a change. */
  private Progress see(PromptTyping typing, Look look, int millis) {
    judge.look(look, now);
    judge.printed(0);
    final Sight sight = Sight.of(Screens.FORM, look);
    final Progress first = typing.step(sight, judge.still(now), now);
    if (!(first instanceof PromptTyping.Going)) {
      return first;
    }
    now = now.plusMillis(millis);
    return typing.step(sight, judge.still(now), now);
  }

  private static String paste(String text) {
    return "\u001b[200~" + text + "\u001b[201~";
  }

  @Test
  void enterIsPressedOnceThePromptStandsThereWhole() {
    final PromptTyping typing = typing("do this, please\n");
    see(typing, EMPTY, 1_000);
    see(typing, Screens.of("hello", "> do th"), 1_000);
    assertThat(typed).containsExactly(paste("do this, please"));
    see(typing, Screens.of("hello", "> do this, please"), 149);
    assertThat(typed).hasSize(1);
    see(typing, Screens.of("hello", "> do this, please"), 1);
    assertThat(typed).containsExactly(paste("do this, please"), ENTER);
    assertThat(see(typing, Screens.of("> do this, please", "", "> "), 150))
        .isEqualTo(new Submitted());
  }

  @Test
  void wrappedAndCollapsedPromptsAreThereWhole() {
    final PromptTyping wrapped = typing("one two three four five six seven eight nine ten");
    see(wrapped, EMPTY, 0);
    see(wrapped, Screens.of("> one two three four five six", "  seven eight nine ten"), 150);
    assertThat(typed).hasSize(2).endsWith(ENTER);

    typed.clear();
    final PromptTyping collapsed = typing("one\ntwo\nthree");
    see(collapsed, EMPTY, 0);
    see(collapsed, Screens.of("> [Paste +2 lines]"), 150);
    assertThat(typed).hasSize(2).endsWith(ENTER);
  }

  @Test
  void pasteThatIsCountedWrongIsClearedAndNotSubmitted() {
    final PromptTyping typing = typing("one\ntwo\nthree");
    see(typing, EMPTY, 0);
    see(typing, Screens.of("> [Paste +1 lines]"), 2_000);
    assertThat(typed).containsExactly(paste("one\ntwo\nthree"), "\u0015");
    assertThat(see(typing, EMPTY, 150)).isInstanceOf(NotSubmitted.class);
  }

  @Test
  void whatAPersonTypedIsNeverSubmittedWithIt() {
    final PromptTyping typing = typing("hello");
    see(typing, EMPTY, 0);
    see(typing, Screens.of("> rm hello"), 2_000);
    assertThat(typed).doesNotContain(ENTER);
    assertThat(see(typing, EMPTY, 150)).isInstanceOf(NotSubmitted.class);
    assertThat(typed).doesNotContain(ENTER);
  }

  @Test
  void nothingIsSentWhileAClientTypes() {
    clientTypes = true;
    final PromptTyping typing = typing("hello");
    see(typing, EMPTY, 1_000);
    assertThat(typed).isEmpty();
    clientTypes = false;
    see(typing, EMPTY, 0);
    assertThat(typed).containsExactly(paste("hello"));
  }

  @Test
  void enterWithoutEffectIsPressedAgainOnlyAfterABlankWasSeen() {
    final PromptTyping typing = typing("hello");
    see(typing, EMPTY, 0);
    see(typing, Screens.of("> hello"), 150);
    assertThat(typed).hasSize(2);
    // It may be read late: a blank is typed behind it.
    see(typing, Screens.of("> hello"), 2_000);
    assertThat(typed).hasSize(3).endsWith(" ");
    see(typing, Screens.of("> hello"), 20_000);
    assertThat(typed).hasSize(3);
    // The blank is there, so Enter was thrown away.
    see(typing, Screens.of("> hello "), 150);
    assertThat(typed).hasSize(4).endsWith("\u007f");
    see(typing, Screens.of("> hello"), 150);
    assertThat(typed).hasSize(5).endsWith(ENTER);
    assertThat(see(typing, Screens.of("> "), 150)).isEqualTo(new Submitted());
  }

  @Test
  void questionThatComesUpAfterEnterIsNotAnsweredByASecondOne() {
    final PromptTyping typing = typing("hello");
    see(typing, EMPTY, 0);
    see(typing, Screens.of("> hello"), 150);
    assertThat(typed).containsExactly(paste("hello"), ENTER);
    see(typing, Screens.of("> hello"), 2_000);
    assertThat(typed).hasSize(3).endsWith(" ");
    assertThat(see(typing, Screens.of("Delete all? [Enter]"), 150)).isEqualTo(new Submitted());
    assertThat(typed).hasSize(3);
  }

  @Test
  void promptThatIsNotSeenIsUncertainAndNotTypedAgain() {
    final PromptTyping typing = typing("hello");
    see(typing, EMPTY, 29_999);
    assertThat(see(typing, EMPTY, 1)).isInstanceOf(Unsure.class);
    assertThat(typed).containsExactly(paste("hello"));
  }

  @Test
  void cancelBeforeEnterTakesThePromptBack() {
    final PromptTyping early = typing("hello");
    early.cancel();
    assertThat(see(early, EMPTY, 0)).isInstanceOf(NotSubmitted.class);
    assertThat(typed).isEmpty();

    final PromptTyping late = typing("hello");
    see(late, EMPTY, 0);
    late.cancel();
    see(late, Screens.of("> hello"), 150);
    assertThat(typed).containsExactly(paste("hello"), "\u0015");
    assertThat(see(late, EMPTY, 150)).isInstanceOf(NotSubmitted.class);
  }

  @Test
  void tallPromptIsTypedInPiecesEachOfWhichIsSeen() {
    final StringBuilder prompt = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      prompt.append("line ").append(i).append('\n');
    }
    final PromptTyping typing =
        new PromptTyping(
            CatalogueForms.terminal("ready: '^> '\n"), prompt.toString(), EMPTY, typed::add, now);
    final StringBuilder text = new StringBuilder();
    see(typing, EMPTY, 0);
    for (int i = 0; i < 60 && !typed.getLast().equals(ENTER); i++) {
      final String keys = typed.getLast();
      text.append(keys, 6, keys.length() - 6);
      final String[] lines = ("> " + text.toString().replace("\n", "\n  ")).split("\n", -1);
      final int from = Math.max(0, lines.length - Screens.ROWS);
      see(typing, Screens.of(java.util.Arrays.copyOfRange(lines, from, lines.length)), 150);
    }
    assertThat(text).hasToString(prompt.toString().stripTrailing());
    assertThat(typed.size()).isGreaterThan(5);
    assertThat(typed).endsWith(ENTER);
  }
}
