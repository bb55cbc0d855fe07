package dev.cleat.cli;

import org.jspecify.annotations.Nullable;

/** A command cannot do what it shall; the message is one line, with the fix where there is one. */
final class CliException extends RuntimeException {
  private final int exitCode;

  private CliException(int exitCode, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  static CliException failed(String message) {
    return new CliException(ExitCode.FAILED, message, null);
  }

  static CliException failed(String message, Throwable cause) {
    return new CliException(ExitCode.FAILED, message, cause);
  }

  static CliException usage(String message) {
    return new CliException(ExitCode.WRONG_USAGE, message, null);
  }

  int exitCode() {
    return exitCode;
  }
}
