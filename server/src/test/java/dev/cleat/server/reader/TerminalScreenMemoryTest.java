package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * However much is printed, a screen takes the memory of its cells. It is measured in a process that
 * has nothing else in its heap.
 */
class TerminalScreenMemoryTest {
  private static final int PIECES = 100_000;

  /** More than the cells take, and far less than what is printed. */
  private static final long LIMIT = 2 << 20;

  private static final Measured NOT_MEASURED = new Measured(Long.MAX_VALUE, Integer.MAX_VALUE);
  private static final Map<String, Measured> MEASURED = new HashMap<>();

  private record Measured(long grownBytes, int pictureBytes) {}

  /** What is printed, piece by piece, by what it is of. */
  private static Map<String, IntFunction<String>> outputs() {
    final Map<String, IntFunction<String>> outputs = new LinkedHashMap<>();
    outputs.put("lines", i -> "line " + i + "\r\n");
    outputs.put("wrapped", i -> "a long line that is broken wherever the screen ends " + i);
    outputs.put("styles", i -> "\033[38;2;%d;%d;%dmx".formatted(i >> 16, i >> 8 & 0xFF, i & 0xFF));
    outputs.put("characters", i -> Character.toString(0x4E00 + i % 0x5000) + "x\u0301");
    outputs.put("combining", i -> "\u0301".repeat(20));
    outputs.put("command", i -> i == 0 ? "\033]0;" : "a title that does not end");
    outputs.put("control", i -> i == 0 ? "\033Pq" : "a string that does not end");
    outputs.put("sequence", i -> i == 0 ? "\033[" : "1;2:3".repeat(20));
    outputs.put("titles", i -> "\033]2;title " + i + "\007");
    outputs.put("screens", i -> "\033[?1049hx\033[?1049l");
    outputs.put("scrolled", i -> "\033[99S\033[T\033M\033[99L\033[99M");
    outputs.put("tabs", i -> "\033[" + i % 200 + "G\033H");
    return outputs;
  }

  static Set<String> names() {
    return outputs().keySet();
  }

  @BeforeAll
  static void measure() throws IOException {
    final Process measuring =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Measuring.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = measuring.inputReader(UTF_8)) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        final String[] words = line.split(" ", -1);
        MEASURED.put(words[0], new Measured(Long.parseLong(words[1]), Integer.parseInt(words[2])));
      }
    } finally {
      measuring.destroyForcibly().onExit().join();
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void memoryDoesNotGrow(String output) {
    final Measured measured = MEASURED.getOrDefault(output, NOT_MEASURED);
    assertThat(measured.grownBytes()).isLessThan(LIMIT);
    assertThat(measured.pictureBytes()).isLessThan(1 << 20);
  }

  /** Measures them all, one after the other. */
  static final class Measuring {
    private Measuring() {}

    public static void main(String[] args) {
      final PrintStream out = new PrintStream(System.out, true, UTF_8);
      outputs()
          .forEach((name, piece) -> {
            final Measured measured = measure(piece);
            out.println(name + " " + measured.grownBytes() + " " + measured.pictureBytes());
          });
    }

    private static Measured measure(IntFunction<String> piece) {
      final TerminalScreen screen = new TerminalScreen(24, 80);
      final long before = used();
      for (int i = 0; i < PIECES; i++) {
        final byte[] bytes = piece.apply(i).getBytes(UTF_8);
        screen.feed(bytes, 0, bytes.length);
      }
      final long grown = used() - before;
      return new Measured(grown, screen.picture(true, true).build().getSerializedSize());
    }

    private static long used() {
      System.gc();
      return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
  }
}
