package dev.cleat.server.tool;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An entry of the catalogue.
 *
 * @param name its key in the catalogue: letters, digits, {@code .}, {@code _} and {@code -}
 * @param title for people; the name if the entry has none
 * @param description one sentence; may be empty
 * @param command program and arguments on a terminal
 * @param pipesCommand program and arguments on pipes; empty if the tool needs a terminal
 * @param env variables set for the tool, over those every session has
 * @param shell the shell that {@code command} starts, if Cleat is to make it mark its commands
 * @param turnEnd how the end of a typed prompt is found, on a terminal
 * @param stillness how long without output is still, for {@link TurnEnd#STILLNESS} and as a
 *     fallback for marks that do not come
 * @param systems where the tool can run
 */
public record Tool(
    String name,
    String title,
    String description,
    List<String> command,
    List<String> pipesCommand,
    Map<String, String> env,
    Optional<Shell> shell,
    TurnEnd turnEnd,
    Duration stillness,
    Set<Os> systems) {
  public Tool {
    command = List.copyOf(command);
    pipesCommand = List.copyOf(pipesCommand);
    env = Map.copyOf(env);
    systems = Set.copyOf(systems);
  }

  /** Program and arguments in this mode; empty if the tool does not have it. */
  public List<String> command(Mode mode) {
    return mode == Mode.PTY ? command : pipesCommand;
  }

  /** Without the values of {@code env}: they may be secrets. */
  @Override
  public String toString() {
    return "Tool[" + name + ", command=" + command + ", env=" + env.keySet() + "]";
  }
}
