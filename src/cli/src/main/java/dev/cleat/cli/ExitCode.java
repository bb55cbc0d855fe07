package dev.cleat.cli;

/**
 * What the process ends with. {@code prompt} and {@code attach} otherwise end with the code of the
 * command or the session's process.
 */
final class ExitCode {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int UNREACHABLE = 3;

  private ExitCode() {}
}
