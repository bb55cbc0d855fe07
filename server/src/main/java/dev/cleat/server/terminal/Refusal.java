package dev.cleat.server.terminal;

import dev.cleat.server.terminal.TerminalStartException.Kind;

/** Says, in words for the caller, why a process cannot be started. */
final class Refusal {
  private Refusal() {}

  /** Lets a good answer of the system pass. */
  static int checked(int answer) throws TerminalStartException {
    if (answer < 0) {
      throw noDescriptor(answer);
    }
    return answer;
  }

  /** The system would not give a descriptor or a terminal. */
  static TerminalStartException noDescriptor(int answer) {
    return switch (answer) {
      case -Libc.EMFILE ->
          new TerminalStartException(
              Kind.NO_PTY, "the server is out of file descriptors (its limit, ulimit -n)");
      case -Libc.ENFILE ->
          new TerminalStartException(
              Kind.NO_PTY, "the machine is out of file descriptors (fs.file-max)");
      case -Libc.ENOSPC ->
          new TerminalStartException(
              Kind.NO_PTY, "the machine is out of terminals (kernel.pty.max)");
      default -> new TerminalStartException(Kind.FAILED, "system error " + -answer);
    };
  }

  /** The working directory cannot be entered. */
  static TerminalStartException workdir(TerminalSpec spec, int answer) {
    final String workdir = spec.workdir().toString();
    return switch (answer) {
      case -Libc.ENOENT ->
          new TerminalStartException(
              Kind.WORKDIR_MISSING, "working directory does not exist: " + workdir);
      case -Libc.ENOTDIR ->
          new TerminalStartException(
              Kind.WORKDIR_NOT_FOLDER, "working directory is not a folder: " + workdir);
      case -Libc.EACCES ->
          new TerminalStartException(
              Kind.WORKDIR_NOT_PERMITTED, "working directory may not be entered: " + workdir);
      case -Libc.EMFILE, -Libc.ENFILE -> noDescriptor(answer);
      default ->
          new TerminalStartException(
              Kind.FAILED, "working directory cannot be used, error " + -answer + ": " + workdir);
    };
  }

  /** The working directory is not below where it must be. */
  static TerminalStartException workdirOutside() {
    return new TerminalStartException(
        Kind.WORKDIR_OUTSIDE, "working directory is not below one that is allowed");
  }

  /** There is no such program. */
  static TerminalStartException program(TerminalSpec spec) {
    return new TerminalStartException(
        Kind.PROGRAM_MISSING, "not an executable file: " + spec.command().getFirst());
  }

  /** There is a file, but the system cannot run it. */
  private static TerminalStartException notRunnable(TerminalSpec spec) {
    return new TerminalStartException(
        Kind.FAILED,
        "cannot be run, its format is unknown or its interpreter is missing: "
            + spec.command().getFirst());
  }

  /** posix_spawn has refused to run a program that was there a moment ago. */
  static TerminalStartException spawn(TerminalSpec spec, int answer) {
    return switch (answer) {
      case -Libc.EACCES -> program(spec);
      // The file was there: it is its interpreter that is not.
      case -Libc.ENOENT, -Libc.ENOEXEC -> notRunnable(spec);
      default -> other(spec, answer);
    };
  }

  /** Something else. */
  private static TerminalStartException other(TerminalSpec spec, int answer) {
    return new TerminalStartException(
        Kind.FAILED, "cannot be started, error " + -answer + ": " + spec.command().getFirst());
  }
}
