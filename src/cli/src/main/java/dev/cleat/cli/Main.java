package dev.cleat.cli;

/** The process. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(Cli.run(Streams.ofProcess(), args));
  }
}
