package dev.cleat.server.tool;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A program and what it is asked: called with these words, in a clean environment, with nothing on
 * its standard input.
 *
 * @param tool whose program it is
 * @param program absolute
 * @param words that it is called with
 * @param env its whole environment
 */
record Question(Tool tool, Path program, List<String> words, Map<String, String> env) {
  private static final int LOOK_EVERY_MILLIS = 20;

  /**
   * Runs the program, for as long and for as much as it may take; then it is killed, with all
   * processes that it has started.
   *
   * @param errors whether what it prints to its standard error is part of the answer
   * @throws IOException if it cannot be started
   */
  Answer ask(Duration limit, int bytes, boolean errors) throws IOException, InterruptedException {
    // Into a file, not a pipe: a process that the program leaves behind cannot hold this one up.
    Path file = Files.createTempFile("cleat-answer", null);
    try {
      List<String> argv = new ArrayList<>(words);
      argv.addFirst(program.toString());
      ProcessBuilder builder =
          new ProcessBuilder(argv)
              .directory(Path.of("/").toFile())
              .redirectOutput(file.toFile())
              .redirectError(Redirect.DISCARD)
              .redirectErrorStream(errors);
      builder.environment().clear();
      builder.environment().putAll(env);
      Process process = builder.start();
      boolean ended = false;
      try {
        process.getOutputStream().close();
        ended = awaitEnd(process, file, limit, bytes);
      } finally {
        if (!ended) {
          kill(process);
        }
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] output = in.readNBytes(bytes);
        return new Answer(output, !ended || in.read() >= 0, ended && process.exitValue() == 0);
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Whether it has ended by itself, before it took too long or printed too much. */
  private static boolean awaitEnd(Process process, Path file, Duration limit, int bytes)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() - deadline < 0 && Files.size(file) <= bytes) {
      if (process.waitFor(LOOK_EVERY_MILLIS, MILLISECONDS)) {
        return true;
      }
    }
    return !process.isAlive();
  }

  private static void kill(Process process) {
    // Taken before the parent is gone: nobody would know them as its children any more.
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
