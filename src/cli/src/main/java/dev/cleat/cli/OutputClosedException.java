package dev.cleat.cli;

import java.io.IOException;

/** Nobody reads the output any more, as in {@code cleat logs work | head}. */
final class OutputClosedException extends RuntimeException {
  OutputClosedException(IOException cause) {
    super("the output cannot be written: " + cause.getMessage(), cause);
  }
}
