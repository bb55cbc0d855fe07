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
 * @param endpoint how it is told the address of the API that it is to call, if it can be
 * @param role how it is told its role, if it can be; a template may do so too
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
    Optional<SettingForm> endpoint,
    Optional<SettingForm> role,
    List<String> version,
    List<String> help) {
  public Tool {
    command = List.copyOf(command);
    pipesCommand = List.copyOf(pipesCommand);
    env = Map.copyOf(env);
    systems = Set.copyOf(systems);
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

  /** How it is told its endpoint in one of its ways; empty if it cannot be. */
  public Optional<SettingForm> endpoint(Way way) {
    return way == Way.ACP ? acp.flatMap(AcpForm::endpoint).or(() -> shared(endpoint)) : endpoint;
  }

  /**
   * How it is told its role in one of its ways, when it is started; empty if it is not: then a
   * template has it, or ACP, or it cannot be told.
   */
  public Optional<SettingForm> role(Way way) {
    return switch (way) {
      case ACP -> acp.flatMap(AcpForm::role);
      case HEADLESS ->
          headless.filter(HeadlessForm::tellsRole).isPresent() ? Optional.empty() : role;
      case TERMINAL -> role;
    };
  }

  /** Whether it may be given a role in one of its ways. By ACP, the agent itself decides that. */
  public boolean takesRole(Way way) {
    return switch (way) {
      case ACP -> true;
      case HEADLESS -> role.isPresent() || headless.filter(HeadlessForm::tellsRole).isPresent();
      case TERMINAL -> role.isPresent();
    };
  }

  /** What holds for the program that speaks ACP too: it shares the variables, not the arguments. */
  private static Optional<SettingForm> shared(Optional<SettingForm> form) {
    return form.filter(it -> it.args().isEmpty());
  }

  /** Without the values of {@code env}: they may be secrets. */
  @Override
  public String toString() {
    return "Tool[" + name + ", command=" + command + ", env=" + env.keySet() + "]";
  }
}
