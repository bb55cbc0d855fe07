package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.server.tool.CatalogueException.Problem;
import dev.cleat.server.tool.ToolException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What sessions can run: the tools that come with Cleat, and those of a file over them.
 *
 * <p>The file is looked at again when a tool is looked up, at most once a second. Once it has
 * changed, its new contents count for what is looked up from then on. If there is a mistake in
 * them, it is logged and shown by {@link #problems()}, and the last good contents stay.
 *
 * <p>Safe for use by any number of threads; a lookup never waits for another thread's.
 */
public final class Catalogue {
  private static final String BUILT_IN = "catalogue.yaml";
  private static final int AID_BYTES = 8;

  private final ToolSource source;
  private final ShellInit shells;
  private final LaunchEnvironment environment;
  private final Os os;
  private final SecureRandom random = new SecureRandom();

  Catalogue(ToolSource source, ShellInit shells, Map<String, String> serverEnvironment, Os os) {
    this.source = source;
    this.shells = shells;
    this.environment = new LaunchEnvironment(serverEnvironment, os);
    this.os = os;
  }

  /** The tools that come with Cleat, and nothing else. */
  public static Catalogue builtIn(ShellInit shells) {
    return new Catalogue(ToolSource.of(builtInTools()), shells, System.getenv(), Os.current());
  }

  /**
   * The tools that come with Cleat, and those of a file.
   *
   * @throws CatalogueException if the file cannot be read or has mistakes; it names all of them
   */
  public static Catalogue open(Path file, ShellInit shells) throws CatalogueException {
    return open(file, shells, System.getenv(), Os.current(), System::nanoTime);
  }

  static Catalogue open(
      Path file,
      ShellInit shells,
      Map<String, String> serverEnvironment,
      Os os,
      LongSupplier nanoTime)
      throws CatalogueException {
    return new Catalogue(
        ToolSource.open(file, builtInTools(), nanoTime), shells, serverEnvironment, os);
  }

  static Map<String, Tool> builtInTools() {
    try (@Nullable InputStream resource = Catalogue.class.getResourceAsStream(BUILT_IN)) {
      if (resource == null) {
        throw new IllegalStateException("The resource " + BUILT_IN + " is missing");
      }
      return CatalogueFile.read(BUILT_IN, new String(resource.readAllBytes(), UTF_8), Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (CatalogueException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All tools, by name. */
  public List<ToolStatus> list() {
    return source.tools().values().stream().map(this::status).toList();
  }

  private ToolStatus status(Tool tool) {
    Map<String, String> session = environment.of(Mode.PTY, tool.env(), Map.of());
    boolean installed =
        LaunchEnvironment.program(tool.command().getFirst(), session, Path.of("/")).isPresent();
    return new ToolStatus(tool, installed, tool.systems().contains(os));
  }

  /** What is wrong with the file as it is now; empty if nothing is. */
  public List<Problem> problems() {
    return source.problems();
  }

  /**
   * The entry of this name.
   *
   * @throws ToolException {@link Kind#UNKNOWN_TOOL}
   */
  public Tool tool(String name) throws ToolException {
    Map<String, Tool> tools = source.tools();
    Tool tool = tools.get(name);
    if (tool == null) {
      throw new ToolException(Kind.UNKNOWN_TOOL, name, unknown(name, tools.keySet()));
    }
    return tool;
  }

  private static String unknown(String name, Set<String> names) {
    List<String> near = NearNames.of(name, names);
    return "There is no tool '%s'%s"
        .formatted(
            name,
            near.isEmpty()
                ? "; there are " + String.join(", ", names)
                : ". Did you mean " + String.join(" or ", near) + "?");
  }

  /**
   * What to start for this request.
   *
   * @throws ToolException of any kind
   */
  public Launch resolve(LaunchRequest request) throws ToolException {
    Tool tool = tool(request.tool());
    checkSupported(tool, request.mode());
    List<String> argv = new ArrayList<>(tool.command(request.mode()));
    Map<String, String> env = environment.of(request.mode(), tool.env(), request.env());
    env.put("CLEAT_SESSION_ID", request.sessionId());
    env.remove(ShellInit.AID_VARIABLE);

    Optional<Path> program = LaunchEnvironment.program(argv.getFirst(), env, request.workdir());
    if (program.isEmpty()) {
      throw new ToolException(
          Kind.TOOL_NOT_INSTALLED,
          tool.name(),
          "The tool '%s' is in the catalogue, but its program '%s' is not installed"
              .formatted(tool.name(), Path.of(argv.getFirst()).getFileName()));
    }
    argv.set(0, program.get().toString());

    Optional<Shell> shell = marking(tool, request.mode());
    Optional<String> aid = shell.map(_ -> newAid());
    if (shell.isPresent()) {
      argv = shells.command(shell.get(), argv);
      env.put(ShellInit.AID_VARIABLE, aid.orElseThrow());
    }
    argv.addAll(request.args());
    return new Launch(tool, request.mode(), argv, env, aid, turnEnd(tool, request.mode()));
  }

  private void checkSupported(Tool tool, Mode mode) throws ToolException {
    if (!tool.systems().contains(os)) {
      throw new ToolException(
          Kind.TOOL_NOT_SUPPORTED,
          tool.name(),
          "The tool '%s' does not run on %s; it runs on %s"
              .formatted(
                  tool.name(),
                  lower(os),
                  tool.systems().stream()
                      .sorted()
                      .map(Catalogue::lower)
                      .collect(Collectors.joining(", "))));
    }
    if (tool.command(mode).isEmpty()) {
      throw new ToolException(
          Kind.TOOL_NOT_SUPPORTED,
          tool.name(),
          "The tool '%s' needs a terminal: its entry has no pipes_command".formatted(tool.name()));
    }
  }

  private static String lower(Os os) {
    return os.name().toLowerCase(Locale.ROOT);
  }

  /** The shell to make mark its commands. On pipes there is no prompt to mark. */
  private static Optional<Shell> marking(Tool tool, Mode mode) {
    return mode == Mode.PTY && tool.turnEnd() == TurnEnd.MARKS ? tool.shell() : Optional.empty();
  }

  private static TurnEnd turnEnd(Tool tool, Mode mode) {
    return mode == Mode.PIPES && tool.turnEnd() == TurnEnd.MARKS
        ? TurnEnd.STILLNESS
        : tool.turnEnd();
  }

  private String newAid() {
    byte[] bytes = new byte[AID_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
