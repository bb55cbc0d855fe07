package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** However much is printed, a screen takes the memory of its cells. */
@Isolated("measures the heap")
class TerminalScreenMemoryTest {
  private static final int PIECES = 100_000;

  /** More than the cells take, and far less than what is printed. */
  private static final long LIMIT = 2 << 20;

  static Stream<Arguments> outputs() {
    return Stream.of(
        output("lines", i -> "line " + i + "\r\n"),
        output("wrapped", i -> "a long line that is broken wherever the screen ends " + i),
        output("styles", i -> "\033[38;2;%d;%d;%dmx".formatted(i >> 16, i >> 8 & 0xFF, i & 0xFF)),
        output("characters", i -> Character.toString(0x4E00 + i % 0x5000) + "x\u0301"),
        output("combining", i -> "\u0301".repeat(20)),
        output("command", i -> i == 0 ? "\033]0;" : "a title that does not end"),
        output("control", i -> i == 0 ? "\033Pq" : "a string that does not end"),
        output("sequence", i -> i == 0 ? "\033[" : "1;2:3".repeat(20)),
        output("titles", i -> "\033]2;title " + i + "\007"),
        output("screens", i -> "\033[?1049hx\033[?1049l"),
        output("scrolled", i -> "\033[99S\033[T\033M\033[99L\033[99M"),
        output("tabs", i -> "\033[" + i % 200 + "G\033H"));
  }

  private static Arguments output(String name, IntFunction<String> piece) {
    return Arguments.argumentSet(name, piece);
  }

  @ParameterizedTest
  @MethodSource("outputs")
  void memoryDoesNotGrow(IntFunction<String> piece) {
    TerminalScreen screen = new TerminalScreen(24, 80);
    long before = used();
    for (int i = 0; i < PIECES; i++) {
      byte[] bytes = piece.apply(i).getBytes(UTF_8);
      screen.feed(bytes, 0, bytes.length);
    }
    long grown = used() - before;
    for (int again = 0; again < 2 && grown >= LIMIT; again++) {
      grown = used() - before;
    }

    assertThat(grown).isLessThan(LIMIT);
    assertThat(screen.picture(true, true).build().getSerializedSize()).isLessThan(1 << 20);
  }

  private static long used() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
