package dev.cleat.server.tool;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to start: everything a terminal needs but the folder and the size.
 *
 * @param tool the entry this was made from
 * @param way how to talk to the process
 * @param mode what to connect the process to
 * @param argv arguments, the first one the program's absolute path; {@link Site#ELSEWHERE} its name
 * @param environment the whole environment of the process
 * @param aid what the process's own marks carry as their {@code aid}; empty if it was not made to
 *     mark. Marks then count only if they have no aid.
 * @param turnEnd how the end of a typed prompt is found in this mode
 * @param session the tool's own session id, where it is given one: the one it goes on with, or a
 *     new one that Cleat has chosen; empty if the tool chooses it
 * @param role what an agent is still to be told by ACP; empty if it is nothing in particular, or
 *     has been told by other means
 * @param sessionFiles where the id can be found that the tool chooses; empty where it cannot be
 */
public record Launch(
    Tool tool,
    Way way,
    Mode mode,
    List<String> argv,
    Map<String, String> environment,
    Optional<String> aid,
    TurnEnd turnEnd,
    Optional<String> session,
    String role,
    Optional<SessionFiles> sessionFiles) {
  public Launch {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
  }

  /** Absolute path or name of the program. */
  public String program() {
    return argv.getFirst();
  }

  /** Without arguments and values of the environment: they may be secrets. */
  @Override
  public String toString() {
    return "Launch["
        + tool.name()
        + ", "
        + way
        + ", "
        + mode
        + ", program="
        + program()
        + ", env="
        + environment.keySet()
        + "]";
  }
}
