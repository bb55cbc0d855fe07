package dev.cleat.bench;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * What the benchmarks run on: a folder that is gone when the run is over, the C program, texts to
 * print.
 *
 * @param home the repository
 * @param folder for everything that is written
 * @param term the C program
 * @param quick whether only to see that things work
 */
record Bed(Path home, Path folder, Path term, boolean quick) implements AutoCloseable {
  private static final long MIB = 1 << 20;

  static Bed make(Path home, boolean quick) throws IOException, InterruptedException {
    final Path parent = Files.createDirectories(home.resolve("target/bench"));
    final Path folder = Files.createTempDirectory(parent, "run-");
    final Path term = folder.resolve("term");
    final Bed bed = new Bed(home, folder, term, quick);
    Runtime.getRuntime().addShutdownHook(new Thread(bed::interrupted));
    output(
        List.of(
            "gcc",
            "-O2",
            "-o",
            term.toString(),
            home.resolve("src/bench/c/term.c").toString(),
            "-lutil"));
    return bed;
  }

  /** One of two numbers: of the real run, or of the quick one. */
  int size(int real, int little) {
    return quick ? little : real;
  }

  /** A file of lines of text, and how many bytes a terminal makes of it. */
  record Text(Path file, long printed) {}

  Text text(int mib) throws IOException {
    final Path file = folder.resolve("text-" + mib);
    long bytes = 0;
    long lines = 0;
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (; bytes < mib * MIB; lines++) {
        final String line =
            String.format(
                Locale.ROOT,
                "%08d The quick brown fox jumps over the lazy dog, again and again.%n",
                lines);
        out.write(line);
        bytes += line.length();
      }
    }
    return new Text(file, bytes + lines);
  }

  /** A shell's command line that prints the text once it has got a newline. */
  static String printing(Text text) {
    return "stty -echo; echo READY; read go; exec cat " + text.file;
  }

  /** Runs the C program on a command of its own, and gives the numbers it prints. */
  long[] term(String... arguments) throws IOException, InterruptedException {
    return term(List.of(arguments));
  }

  long[] term(List<String> arguments) throws IOException, InterruptedException {
    final List<String> command = new ArrayList<>(List.of(term.toString()));
    command.addAll(arguments);
    return Stream.of(output(command).strip().split(" ")).mapToLong(Long::parseLong).toArray();
  }

  /** What a command prints. */
  static String output(List<String> command) throws IOException, InterruptedException {
    final Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    final String output;
    try {
      process.getOutputStream().close();
      output =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } finally {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
    if (process.waitFor() != 0) {
      throw new IOException(command + " failed: " + output);
    }
    return output;
  }

  /** Whether a command is installed. */
  static boolean installed(String name) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(p -> Files.isExecutable(Path.of(p, name)));
  }

  /** The run may be interrupted at any time, and leaves nothing behind then either. */
  private void interrupted() {
    final List<ProcessHandle> children = ProcessHandle.current().children().toList();
    children.forEach(ProcessHandle::destroy);
    for (ProcessHandle child : children) {
      try {
        child.onExit().get(30, TimeUnit.SECONDS);
      } catch (InterruptedException | ExecutionException | TimeoutException e) {
        child.destroyForcibly();
      }
    }
    close();
  }

  static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      System.err.println("left behind: " + folder + " (" + e + ")");
    }
  }

  @Override
  public void close() {
    delete(folder);
  }
}
