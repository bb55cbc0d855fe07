package dev.cleat.cli;

import dev.cleat.cli.terminal.StandardStreams;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/**
 * Where a command reads from and prints to. Text is UTF-8.
 *
 * @param in standard input, for reads of many bytes at once
 * @param out standard output; for one thread at a time
 * @param err standard error; for one thread at a time
 * @param typed whether a person types on {@code in}; asked only when it matters, as it costs time
 * @param seen whether a person sees {@code out}, without a pipe or a file in between
 * @param errSeen whether a person sees {@code err}, likewise
 * @param forgetTyped throws away what a person has typed and nobody has read, lines that are not
 *     finished included
 */
record Streams(
    InputStream in,
    OutputStream out,
    OutputStream err,
    BooleanSupplier typed,
    BooleanSupplier seen,
    BooleanSupplier errSeen,
    Runnable forgetTyped) {
  private static final int BUFFER_BYTES = 64 << 10;

  /** The process's own, without the layers of {@code System.in} and {@code System.out}. */
  static Streams ofProcess() {
    return new Streams(
        new FileInputStream(FileDescriptor.in),
        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES),
        new FileOutputStream(FileDescriptor.err),
        StandardStreams::inputIsTerminal,
        StandardStreams::outputIsTerminal,
        StandardStreams::errorIsTerminal,
        StandardStreams::forgetTyped);
  }

  /** Prints a line of result, in which nothing has an effect on a terminal. */
  void line(String text) {
    print((Show.harmless(text) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Prints bytes of result, at once. */
  void print(byte[] bytes) {
    try {
      out.write(bytes);
      out.flush();
    } catch (IOException e) {
      throw new OutputClosedException(e);
    }
  }

  /** Prints a line about what the command does, beside its result; as harmless. */
  void note(String text) {
    note((Show.harmless(text) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Prints bytes beside the result. */
  void note(byte[] bytes) {
    try {
      err.write(bytes);
      err.flush();
    } catch (IOException e) {
      throw new OutputClosedException(e);
    }
  }
}
