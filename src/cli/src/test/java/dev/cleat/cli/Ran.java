package dev.cleat.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A command that was run in this process, on pipes.
 *
 * @param code its exit code
 * @param out what it printed
 * @param err what it said beside
 */
record Ran(int code, String out, String err) {

  /** Runs a client command with something on its standard input. */
  static Ran typing(TestServer server, String input, String... command) {
    return on(server.target(), input, command);
  }

  /** Runs a command line without a server. */
  static Ran alone(String... command) {
    return run("", command);
  }

  /** Runs a client command against whatever is at an address. */
  static Ran on(String target, String input, String... command) {
    int end = Arrays.asList(command).indexOf("--");
    String[] all = Arrays.copyOf(command, command.length + 2);
    int at = end < 0 ? command.length : end;
    System.arraycopy(command, at, all, at + 2, command.length - at);
    all[at] = "--server";
    all[at + 1] = target;
    return run(input, all);
  }

  private static Ran run(String input, String... command) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Cli.run(
            new Streams(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                out,
                err,
                () -> false,
                () -> false,
                () -> false,
                () -> {}),
            command);
    return new Ran(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** What it printed, without the end of the last line. */
  String line() {
    return out.strip();
  }

  List<String> lines() {
    return out.lines().toList();
  }

  /** This, if the command succeeded. */
  Ran ok() {
    if (code != 0) {
      throw new AssertionError("ended with " + this);
    }
    return this;
  }
}
