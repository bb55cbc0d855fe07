package dev.cleat.server.tool;

import java.time.Duration;
import java.util.Arrays;
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
 * @param command program and arguments on a terminal; empty if it is not typed into
 * @param pipesCommand program and arguments on pipes; empty if the tool needs a terminal
 * @param env variables set for the tool, over those every session has
 * @param shell the shell that {@code command} starts, if Cleat is to make it mark its commands
 * @param turnEnd how the end of a typed prompt is found, on a terminal
 * @param stillness how long without output is still, for {@link TurnEnd#STILLNESS} and as a
 *     fallback for marks that do not come
 * @param systems where the tool can run
 * @param acp how it is started to speak the Agent Client Protocol, if it does
 * @param headless how it is run for one turn, if it can be
 * @param terminal how it is driven through its terminal interface, if it can be
 * @param endpointVariables the variables that carry the address of the API it calls
 * @param version what its program is called with to print its version; empty if that is not known
 * @param help what its program is called with to print its help; empty if that is not known
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
    Set<Os> systems,
    Optional<AcpForm> acp,
    Optional<HeadlessForm> headless,
    Optional<TerminalForm> terminal,
    List<String> endpointVariables,
    List<String> version,
    List<String> help) {
  public Tool {
    command = List.copyOf(command);
    pipesCommand = List.copyOf(pipesCommand);
    env = Map.copyOf(env);
    systems = Set.copyOf(systems);
    endpointVariables = List.copyOf(endpointVariables);
    version = List.copyOf(version);
    help = List.copyOf(help);
  }

  /** The ways there are to talk to it, best first; at least one. */
  public List<Way> ways() {
    return Arrays.stream(Way.values()).filter(way -> program(way).isPresent()).toList();
  }

  /** The name or path of the program that a way needs; empty if it does not have the way. */
  public Optional<String> program(Way way) {
    return switch (way) {
      case ACP -> acp.map(form -> form.command().getFirst());
      case HEADLESS -> headless.map(form -> form.command().program());
      case TERMINAL -> command.stream().findFirst();
    };
  }

  /** The name or path of the program that is asked for version and help. */
  public String program() {
    return program(Way.TERMINAL)
        .or(() -> program(Way.HEADLESS))
        .or(() -> program(Way.ACP))
        .orElseThrow();
  }

  /** Program and arguments in this mode; empty if the tool does not have it. */
  public List<String> command(Mode mode) {
    return mode == Mode.PTY ? command : pipesCommand;
  }

  /**
   * How the end of a typed prompt is found in this mode: on pipes there is nothing to mark, and no
   * screen.
   */
  public TurnEnd turnEnd(Mode mode) {
    return switch (turnEnd) {
      case MARKS -> mode == Mode.PIPES ? TurnEnd.STILLNESS : TurnEnd.MARKS;
      case SCREEN -> mode == Mode.PIPES ? TurnEnd.NONE : TurnEnd.SCREEN;
      case STILLNESS, NONE -> turnEnd;
    };
  }

  /** Without the values of {@code env}: they may be secrets. */
  @Override
  public String toString() {
    return "Tool[" + name + ", command=" + command + ", env=" + env.keySet() + "]";
  }
}
