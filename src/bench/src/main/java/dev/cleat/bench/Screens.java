package dev.cleat.bench;

import dev.cleat.server.reader.MarkParser;
import dev.cleat.server.reader.QueryParser;
import dev.cleat.server.reader.TerminalScreen;
import dev.cleat.v1.Screen;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What a session's screen costs: drawing, beside xterm.js and beside only looking for marks and
 * questions, which every session does; its memory; a picture of it.
 */
final class Screens {
  private static final int ROWS = 40;
  private static final int COLUMNS = 110;
  private static final int PIECE = 4096;
  private static final int ROUNDS = 3;
  private static final double MEGA = 1e6;
  private static final String RECORDINGS = "src/e2e/src/test/resources/dev/cleat/e2e/screen/";

  private Screens() {}

  /** Gets output in pieces. */
  private interface Reader {
    void feed(byte[] bytes, int from, int count);
  }

  private interface Readers {
    Reader make();
  }

  static void run(Bed bed, Results results) throws Exception {
    final Path oracle = bed.home().resolve("src/e2e/screen/node_modules/@xterm/headless");
    if (!Files.isDirectory(oracle)) {
      results.note("without xterm.js: npm ci --prefix src/e2e/screen");
    }
    drawing(bed, results, oracle, "text", text(bed));
    for (String name : List.of("vim", "htop", "claude", "codex")) {
      drawing(bed, results, oracle, name, bed.home().resolve(RECORDINGS + name + ".out"));
    }
    memory(bed, results);
    pictures(bed, results);
  }

  /** As a terminal prints it. */
  private static Path text(Bed bed) throws IOException {
    final String lines = Files.readString(bed.text(1).file());
    return Files.writeString(bed.folder().resolve("printed"), lines.replace("\n", "\r\n"));
  }

  private static void drawing(Bed bed, Results results, Path oracle, String name, Path file)
      throws Exception {
    final byte[] bytes = Files.readAllBytes(file);
    final double seconds = bed.size(2_000, 100) / 1e3;
    final Samples drawn = new Samples();
    final Samples processor = new Samples();
    final Samples parsed = new Samples();
    final Samples theirs = new Samples();
    for (int round = 0; round < ROUNDS; round++) {
      speed(Screens::screen, bytes, seconds / 2);
      final Speed ours = speed(Screens::screen, bytes, seconds);
      drawn.add(ours.bytesPerSecond());
      processor.add(ours.millisPerMega());
      speed(Screens::parsers, bytes, seconds / 8);
      parsed.add(speed(Screens::parsers, bytes, seconds / 4).bytesPerSecond());
      if (Files.isDirectory(oracle)) {
        theirs.add(oracle(bed, file, seconds));
      }
    }
    results.add(name + ", drawn", drawn.median() / MEGA, "MB/s");
    results.add(name + ", drawn, processor", processor.median(), "ms/MB");
    results.add(name + ", drawn / xterm.js", drawn.median() / theirs.median(), "");
    results.add(name + ", marks and questions / drawn", parsed.median() / drawn.median(), "");
  }

  private static Reader screen() {
    return new TerminalScreen(ROWS, COLUMNS)::feed;
  }

  private static Reader parsers() {
    final MarkParser marks = new MarkParser();
    final QueryParser queries = new QueryParser();
    final long[] offset = {0};
    return (bytes, from, count) -> {
      marks.feed(offset[0], bytes, from, count, mark -> {});
      queries.feed(offset[0], bytes, from, count, query -> {});
      offset[0] += count;
    };
  }

  /** How fast one thread was, and what it used of a processor for a million bytes. */
  private record Speed(double bytesPerSecond, double millisPerMega) {}

  private static Speed speed(Readers readers, byte[] bytes, double seconds) {
    final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    final long used = threads.getCurrentThreadCpuTime();
    final long begin = System.nanoTime();
    long done = 0;
    double taken;
    do {
      final Reader reader = readers.make();
      for (int at = 0; at < bytes.length; at += PIECE) {
        reader.feed(bytes, at, Math.min(PIECE, bytes.length - at));
      }
      done += bytes.length;
      taken = (System.nanoTime() - begin) / 1e9;
    } while (taken < seconds);
    final double millis = (threads.getCurrentThreadCpuTime() - used) / 1e6;
    return new Speed(done / taken, millis * MEGA / done);
  }

  private static double oracle(Bed bed, Path file, double seconds)
      throws IOException, InterruptedException {
    final String script = bed.home().resolve("src/bench/screen.js").toString();
    final List<String> command =
        List.of("node", script, file.toString(), "" + ROWS, "" + COLUMNS, "" + seconds);
    return Double.parseDouble(Bed.output(command).strip());
  }

  private static void memory(Bed bed, Results results) throws IOException {
    for (String name : List.of("htop", "codex")) {
      final byte[] bytes = Files.readAllBytes(bed.home().resolve(RECORDINGS + name + ".out"));
      final int count = bed.size(1_000, 50);
      final List<TerminalScreen> screens = new ArrayList<>();
      final long before = used();
      for (int i = 0; i < count; i++) {
        final TerminalScreen screen = new TerminalScreen(24, 80);
        screen.feed(bytes, 0, bytes.length / 2);
        screens.add(screen);
      }
      results.add(
          "memory of a screen of 24 by 80, half way through " + name,
          (used() - before) / 1024.0 / screens.size(),
          "KiB");
    }
  }

  private static long used() {
    System.gc();
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void pictures(Bed bed, Results results) throws IOException {
    final byte[] bytes = Files.readAllBytes(bed.home().resolve(RECORDINGS + "codex.out"));
    final TerminalScreen screen = new TerminalScreen(ROWS, COLUMNS);
    screen.feed(bytes, 0, bytes.length / 2);
    results.add("a picture, text", micros(bed, () -> screen.picture(false, false).build()), "µs");
    results.add(
        "a picture, text, spans and what restores it",
        micros(bed, () -> screen.picture(true, true).build()),
        "µs");
    results.add(
        "what restores it", screen.picture(false, true).getRestore().size() / 1024.0, "KiB");
  }

  private static double micros(Bed bed, Supplier<Screen> what) throws IOException {
    final Samples micros = new Samples();
    for (int i = 0; i < bed.size(3_000, 100); i++) {
      final long begin = System.nanoTime();
      if (what.get().getLinesCount() != ROWS) {
        throw new IOException("a picture lacks lines");
      }
      micros.add((System.nanoTime() - begin) / 1e3);
    }
    return micros.median();
  }
}
