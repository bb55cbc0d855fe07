package dev.cleat.e2e.screen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.server.reader.TerminalScreen;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Screens of recorded programs, cell by cell, at random points.
 *
 * <p>xterm.js differs from Cleat where none of the recordings goes, each for a reason: it gives a
 * combining character that stands alone a cell of its own; it knows no rapid blinking (SGR 6); it
 * scrolls down without the background colour; it underlines links; "restore cursor" brings back one
 * character set where terminals bring back all four; and what is left of a wide character of which
 * half is erased, moved or shifted out gets the style of what did that, for which Cleat would have
 * to read the cells each time.
 *
 * <p>Two things it has to be told, see {@code oracle.js}: not to break lines anew when the size
 * changes, and that what is left of a wide character keeps its style when the other half is written
 * over. Programs write over all of it, but a recording can be cut in between.
 */
class ScreenOracleTest {
  private static final int POINTS = 40;
  private static final int RESTORES = 12;

  private final long seed = Long.getLong("cleat.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private Oracle oracle;

  @BeforeEach
  void startOracle() throws IOException {
    assumeTrue(Oracle.isInstalled(), "needs xterm.js: npm ci --prefix src/e2e/screen");
    oracle = Oracle.start();
  }

  @AfterEach
  void endOracle() {
    if (oracle != null) {
      oracle.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vim", "less", "top", "htop", "claude", "codex"})
  void theScreenIsWhatAnotherTerminalShows(String name) throws IOException {
    Recording recording = Recording.load(name);
    Recording.SizeChange size = recording.sizes().getFirst();
    TerminalScreen screen = new TerminalScreen(size.rows(), size.columns());
    oracle.open(size.rows(), size.columns());

    int before = 0;
    for (int point : points(recording, POINTS)) {
      recording.play(before, point, inPieces(screen));
      recording.play(before, point, oracle);
      assertSame(screen, oracle, "%s at %d, seed %d".formatted(name, point, seed));
      before = point;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vim", "less", "top", "htop", "claude", "codex"})
  void whatRestoresAScreenAndTheRestOfTheOutputIsAllOfTheOutput(String name) throws IOException {
    Recording recording = Recording.load(name);
    Recording.SizeChange first = recording.sizes().getFirst();
    TerminalScreen whole = new TerminalScreen(first.rows(), first.columns());

    int before = 0;
    for (int point : points(recording, RESTORES)) {
      recording.play(before, point, inPieces(whole));
      before = point;
      byte[] restore = whole.picture(false, true).getRestore().toByteArray();
      String where = "%s restored at %d, seed %d".formatted(name, point, seed);
      Recording.SizeChange size = recording.sizeAt(point);
      TerminalScreen restored = new TerminalScreen(size.rows(), size.columns());
      restored.feed(restore, 0, restore.length);
      oracle.open(size.rows(), size.columns());
      oracle.write(restore, 0, restore.length);
      assertSame(whole, oracle, where);
      assertThat(Look.of(restored.picture(true, false).build()))
          .as(where)
          .isEqualTo(Look.of(whole.picture(true, false).build()));

      TerminalScreen all = new TerminalScreen(first.rows(), first.columns());
      recording.play(0, point, inPieces(all));
      int from = point;
      for (int later : points(recording, 3)) {
        if (later > from) {
          recording.play(from, later, inPieces(all));
          recording.play(from, later, inPieces(restored));
          recording.play(from, later, oracle);
          from = later;
          String at = where + ", played to " + later;
          assertThat(Look.of(restored.picture(true, false).build()))
              .as(at)
              .isEqualTo(Look.of(all.picture(true, false).build()));
          assertThat(restored.picture(false, false).build())
              .as(at)
              .isEqualTo(all.picture(false, false).build());
          assertSame(all, oracle, at);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void whatIsLeftOfAWideCharacterThatIsWrittenOverKeepsItsStyle(int column) throws IOException {
    String printed = "\033[48;5;236m漢字\033[48;5;239m\033[1;%dHx".formatted(column);
    byte[] bytes = printed.getBytes(UTF_8);
    TerminalScreen screen = new TerminalScreen(2, 10);
    oracle.open(2, 10);

    screen.feed(bytes, 0, bytes.length);
    oracle.write(bytes, 0, bytes.length);
    assertSame(screen, oracle, "written over at " + column);
  }

  /** Some offsets in order, the last of them the end. */
  private List<Integer> points(Recording recording, int count) {
    int length = recording.output().length;
    return IntStream.concat(
            IntStream.range(1, count).map(i -> random.nextInt(length + 1)), IntStream.of(length))
        .sorted()
        .boxed()
        .toList();
  }

  private Recording.Player inPieces(TerminalScreen screen) {
    return new Recording.Player() {
      @Override
      public void write(byte[] bytes, int from, int count) {
        int at = from;
        while (at < from + count) {
          int piece = Math.min(from + count - at, 1 + random.nextInt(500));
          screen.feed(bytes, at, piece);
          at += piece;
        }
      }

      @Override
      public void resize(int rows, int columns) {
        screen.resize(rows, columns);
      }
    };
  }

  private static void assertSame(TerminalScreen screen, Oracle oracle, String where)
      throws IOException {
    Look ours = Look.of(screen.picture(true, false).build());
    Look theirs = oracle.show();
    for (int row = 0; row < ours.lines().size(); row++) {
      assertThat(ours.lines().get(row))
          .as(where + ", row " + row)
          .isEqualTo(theirs.lines().get(row));
    }
    assertThat(ours).as(where).isEqualTo(theirs);
  }
}
