package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How much work a program can make of a few bytes. */
class ScreenEffortTest {
  /** Those of which a count, or nothing, says how much they do, and those that do much by one. */
  private static final String COUNTED = "@ABCDEFGHIJKLMPSTXZ`abbbdefghlmrsu";

  private static final String[] OTHERS = {
    "\033#8",
    "\033c",
    "\033M",
    "\033D",
    "\n",
    "\t",
    "\033[?1049h",
    "\033[?1049l",
    "\033[?47h\033[?47l",
    "\033[?1047;1047;1047h",
    "\033[?2J",
    "\033[!p",
    "\033[?5W",
    "\033[3g",
    "\033[1;1;9;9;1;1;1$v",
    "\033[65;1;1;9;9$x",
    "\033[8;999;999t",
    "\033[?3h",
    "\033[2;9r\n",
    "\033[4h\033[99@"
  };
  private static final String[] BEFORE = {
    "",
    "x",
    "\r",
    "\rx",
    "漢",
    "a" + "\u0301".repeat(31),
    "\033[2;9r",
    "\033[4h",
    "\033[?7l",
    "\033[41m",
    "\033[999;999Hx",
    "\033[?1049h",
    "\033[H"
  };

  private static final int ROWS = 200;
  private static final int COLUMNS = 300;

  /** A turn, and the sequence that it ends in. */
  private static final long LONGEST_TURN = 2 * Effort.TURN + 4 * ROWS * COLUMNS;

  private final long seed = Long.getLong("cleat.seed", System.nanoTime());
  private final SplittableRandom random = new SplittableRandom(seed);

  private static void feed(TerminalScreen screen, String output) {
    byte[] bytes = output.getBytes(UTF_8);
    screen.feed(bytes, 0, bytes.length);
  }

  /** What it has cost, with all that waits to be drawn. */
  private static long effort(TerminalScreen screen) {
    screen.line(0);
    return screen.effort();
  }

  private String any(String[] of) {
    return of[random.nextInt(of.length)];
  }

  private String piece() {
    if (random.nextInt(3) == 0) {
      return any(OTHERS);
    }
    int[] counts = {0, 1, 2, 79, 999, 4096, 10_000, 999_999_999};
    return "\033[%d%c"
        .formatted(
            counts[random.nextInt(counts.length)],
            COUNTED.charAt(random.nextInt(COUNTED.length())));
  }

  @Test
  void noSequenceCostsMoreThanToDrawTheScreenAFewTimes() {
    for (int round = 0; round < 3000; round++) {
      TerminalScreen screen = new TerminalScreen(2 + random.nextInt(60), 8 + random.nextInt(200));
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 8; i++) {
        String output = any(BEFORE) + piece();
        all.append(output.replace('\033', '~')).append(' ');
        long before = effort(screen);
        feed(screen, output);

        assertThat(effort(screen) - before)
            .as("%s, seed %d", all, seed)
            .isLessThanOrEqualTo(most(screen, output));
      }
    }
  }

  /**
   * A few times the screen; of a repeated character a screenful of lines, each of which may scroll,
   * and of which the first character and then the others may move what was there.
   */
  private static long most(TerminalScreen screen, String output) {
    long lines = output.endsWith("b") ? screen.rows() + 2 : 0;
    return (6 + 2 * lines) * screen.rows() * (screen.columns() + 20)
        + 8 * lines * screen.columns()
        + 60L * output.length();
  }

  @Test
  void othersGetTheirTurnInTheMiddleOfOneSequence() {
    for (int round = 0; round < 20; round++) {
      Turns turns = new Turns();
      TerminalScreen screen = new TerminalScreen(ROWS, COLUMNS, turns::over);
      turns.screen = screen;
      String flood = (any(BEFORE) + piece()).repeat(random.nextInt(100, 1000));
      feed(screen, flood);
      long spent = effort(screen);

      String where = "%s, seed %d".formatted(flood.replace('\033', '~').substring(0, 10), seed);
      assertThat(turns.longest).as(where).isLessThanOrEqualTo(LONGEST_TURN);
      assertThat(spent - turns.last).as(where).isLessThanOrEqualTo(LONGEST_TURN);
    }
  }

  private static final class Turns {
    private @Nullable TerminalScreen screen;
    private long last;
    private long longest;

    void over() {
      if (screen != null) {
        longest = Math.max(longest, screen.effort() - last);
        last = screen.effort();
      }
    }
  }

  /** A count draws what a terminal would show that prints the character so often. */
  @Test
  void aCharacterIsRepeatedAsIfItHadBeenPrintedSoOften() {
    String[] characters = {"x", " ", "漢", "e\u0301", "a" + "\u0301".repeat(31), "\u001b(0q", "🚀"};
    for (int round = 0; round < 1000; round++) {
      int rows = 1 + random.nextInt(8);
      int columns = 1 + random.nextInt(20);
      TerminalScreen repeated = new TerminalScreen(rows, columns);
      TerminalScreen printed = new TerminalScreen(rows, columns);
      StringBuilder before = new StringBuilder();
      for (int i = 0; i < rows; i++) {
        before.append("\033[4%dm".formatted(random.nextInt(8)));
        before.append("%d".formatted(i).repeat(random.nextInt(columns + 1))).append("\r\n");
      }
      before.append("\033[%d;%dr".formatted(1 + random.nextInt(rows), 1 + random.nextInt(rows)));
      before.append("\033[%d;%dH".formatted(1 + random.nextInt(rows), 1 + random.nextInt(columns)));
      before.append(any(new String[] {"", "\033[4h"})).append(any(new String[] {"", "\033[?7l"}));
      String character = any(characters);
      int count = 1 + random.nextInt(random.nextBoolean() ? 30 : 3 * (rows + 2) * columns);
      feed(repeated, before + character + "\033[" + count + "b");
      feed(printed, before + character.repeat(count + 1));
      feed(printed, "\033[m");
      feed(repeated, "\033[m");

      assertThat(repeated.picture(true, true).build())
          .as("%s %d, seed %d", before + character, count, seed)
          .isEqualTo(printed.picture(true, true).build());
    }
  }
}
