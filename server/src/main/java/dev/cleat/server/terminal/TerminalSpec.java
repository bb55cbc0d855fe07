package dev.cleat.server.terminal;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What to start.
 *
 * @param command the program's absolute path, then its arguments as the program is to see them from
 *     number 1 on
 * @param environment exactly the variables that the process gets; nothing is inherited from the
 *     server
 * @param workdir the absolute working directory
 * @param size the window size, in force before the process's first instruction; on pipes it has no
 *     effect
 * @param within real paths, below one of which the working directory must lie at the moment of the
 *     start, links resolved; empty: anywhere
 * @param meant which process is the one that is meant
 */
public record TerminalSpec(
    List<String> command,
    Map<String, String> environment,
    Path workdir,
    Size size,
    List<Path> within,
    Meant meant) {

  /** Which process is meant by the program that is started. */
  public enum Meant {
    /** The program itself, or what it becomes. */
    PROGRAM,
    /** Its child: it starts another program and waits for it, as bubblewrap does. */
    CHILD,
    /**
     * One to which the program passes on what is typed, as {@code docker exec} does. It has a
     * terminal of its own, and signals of this machine end the program and do not reach it.
     */
    BEHIND
  }

  /** A program that runs by itself, anywhere. */
  public TerminalSpec(
      List<String> command, Map<String, String> environment, Path workdir, Size size) {
    this(command, environment, workdir, size, List.of(), Meant.PROGRAM);
  }

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException if the command is empty, its program or the working directory
   *     is not absolute, a variable's name is empty or contains {@code =}, or anything contains NUL
   */
  public TerminalSpec {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    within = List.copyOf(within);
    if (command.isEmpty()) {
      throw new IllegalArgumentException("command is empty");
    }
    if (!command.getFirst().startsWith("/")) {
      throw new IllegalArgumentException("program is not an absolute path");
    }
    if (!workdir.isAbsolute()) {
      throw new IllegalArgumentException("workdir is not an absolute path");
    }
    for (final String argument : command) {
      checkNoNul("argument", argument);
    }
    environment.forEach(TerminalSpec::checkVariable);
  }

  private static void checkVariable(String name, String value) {
    if (name.isEmpty() || name.indexOf('=') >= 0) {
      throw new IllegalArgumentException("environment variable's name is empty or contains '='");
    }
    checkNoNul("environment variable's name", name);
    checkNoNul("environment variable's value", value);
  }

  private static void checkNoNul(String what, String value) {
    if (value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(what + " contains NUL");
    }
  }
}
