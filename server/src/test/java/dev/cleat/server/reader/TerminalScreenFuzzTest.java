package dev.cleat.server.reader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Screen;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TerminalScreenFuzzTest {
  private final long seed = Long.getLong("cleat.seed", System.nanoTime());
  private final SplittableRandom random = new SplittableRandom(seed);

  private static void feed(TerminalScreen screen, byte[] bytes) {
    screen.feed(bytes, 0, bytes.length);
  }

  private void feedInPieces(TerminalScreen screen, byte[] bytes, int from, int count) {
    for (Chunks.Chunk chunk : Chunks.of(count, 7, random)) {
      screen.feed(bytes, from + chunk.from(), chunk.count());
    }
  }

  private byte[] output() {
    return random.nextBoolean()
        ? RandomOutput.of(60, random)
        : RandomOutput.bytes(random.nextInt(400), random);
  }

  private TerminalScreen screen() {
    return new TerminalScreen(1 + random.nextInt(25), 1 + random.nextInt(60));
  }

  private static Screen picture(TerminalScreen screen) {
    return screen.picture(true, false).build();
  }

  @Test
  void nothingThatIsPrintedMakesItFail() {
    for (int round = 0; round < 300; round++) {
      TerminalScreen screen = screen();
      for (int i = 0; i < 10; i++) {
        feed(screen, output());
        if (random.nextInt(3) == 0) {
          screen.resize(1 + random.nextInt(25), 1 + random.nextInt(60));
        }
        Screen shown = screen.picture(true, true).build();

        String where = "round %d, seed %d".formatted(round, seed);
        assertThat(shown.getLinesCount()).as(where).isEqualTo(screen.rows());
        assertThat(screen.cursorRow()).as(where).isBetween(0, screen.rows() - 1);
        assertThat(screen.cursorColumn()).as(where).isBetween(0, screen.columns());
        assertThat(shown.getLinesList())
            .as(where)
            .allSatisfy(line ->
                assertThat(line.getSpansList())
                    .allSatisfy(span ->
                        assertThat(span.getColumn() + span.getColumns())
                            .isLessThanOrEqualTo(screen.columns())));
      }
    }
  }

  @Test
  void itDoesNotMatterInWhatPiecesTheOutputComes() {
    for (int round = 0; round < 300; round++) {
      byte[] output = output();
      TerminalScreen whole = new TerminalScreen(10, 40);
      TerminalScreen cut = new TerminalScreen(10, 40);
      feed(whole, output);
      feedInPieces(cut, output, 0, output.length);

      assertThat(cut.picture(true, true).build())
          .as("round %d, seed %d", round, seed)
          .isEqualTo(whole.picture(true, true).build());
    }
  }

  @Test
  void aRestoredScreenGoesOnLikeTheOneItWasTakenFrom() {
    for (int round = 0; round < 600; round++) {
      byte[] output = output();
      TerminalScreen whole = new TerminalScreen(10, 40);
      int cut = random.nextInt(output.length + 1);
      whole.feed(output, 0, cut);
      TerminalScreen restored = new TerminalScreen(10, 40);
      feed(restored, whole.picture(false, true).getRestore().toByteArray());

      String where = "round %d cut at %d, seed %d".formatted(round, cut, seed);
      assertThat(picture(restored)).as(where).isEqualTo(picture(whole));
      whole.feed(output, cut, output.length - cut);
      restored.feed(output, cut, output.length - cut);
      assertThat(picture(restored)).as(where + ", at the end").isEqualTo(picture(whole));
    }
  }
}
