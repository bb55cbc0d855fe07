package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.server.tool.ToolException.Kind;
import dev.cleat.server.yaml.NearNames;
import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
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
import java.util.UUID;
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
  private static final Path ROOT = Path.of("/");

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
   * @throws WrongFileException if the file cannot be read or has mistakes; it names all of them
   */
  public static Catalogue open(Path file, ShellInit shells) throws WrongFileException {
    return open(file, shells, System.getenv(), Os.current(), System::nanoTime);
  }

  static Catalogue open(
      Path file,
      ShellInit shells,
      Map<String, String> serverEnvironment,
      Os os,
      LongSupplier nanoTime)
      throws WrongFileException {
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
    } catch (WrongFileException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All tools, by name. */
  public List<ToolStatus> list() {
    return source.tools().values().stream().map(this::status).toList();
  }

  private ToolStatus status(Tool tool) {
    return new ToolStatus(
        tool, available(tool), installed(tool, tool.program()), tool.systems().contains(os));
  }

  /** The ways there are to talk to a tool, best first. */
  public List<Way> ways(Tool tool) {
    return tool.ways();
  }

  /**
   * The ways there are to talk to a tool whose programs are on the PATH of a session that sets none
   * of its own, best first.
   */
  public List<Way> available(Tool tool) {
    return tool.ways().stream()
        .filter(way -> installed(tool, tool.program(way).orElseThrow()).isPresent())
        .toList();
  }

  private Optional<Path> installed(Tool tool, String program) {
    Map<String, String> session = environment.of(Mode.PTY, tool.env(), Map.of());
    return LaunchEnvironment.program(program, session, ROOT);
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
   * What to start for this request: a process to type into, or an agent that speaks ACP.
   *
   * @throws ToolException of any kind
   */
  public Launch resolve(LaunchRequest request) throws ToolException {
    return resolve(request, "", "");
  }

  /**
   * What to start for this request, to go on with an earlier session of the tool's where the
   * terminal's command can say so.
   *
   * @param session the tool's own session; empty for a new one
   * @param model what it is to use, where the terminal's command can say so; empty for its own
   *     choice
   * @throws ToolException of any kind
   */
  public Launch resolve(LaunchRequest request, String session, String model) throws ToolException {
    Tool tool = checked(request);
    List<String> command =
        switch (request.way()) {
          case ACP -> tool.acp().orElseThrow().command();
          case TERMINAL -> tool.command(request.mode());
          case HEADLESS -> throw new IllegalArgumentException("a turn's command needs its words");
        };
    Telling telling = Telling.of(tool, request);
    Map<String, String> env = environment(tool, request, telling);
    List<String> started = new ArrayList<>(command);
    started.set(0, program(tool, command.getFirst(), env, request));
    started.addAll(1, telling.args());

    Optional<Shell> shell =
        request.way() == Way.TERMINAL ? marking(tool, request.mode()) : Optional.empty();
    Optional<String> aid = shell.map(_ -> newAid());
    List<String> argv =
        shell.isPresent()
            ? marking(shell.get(), started, aid.orElseThrow(), env, request.site())
            : started;
    argv.addAll(request.args());
    TurnEnd turnEnd = request.way() == Way.TERMINAL ? tool.turnEnd(request.mode()) : TurnEnd.NONE;
    Optional<TerminalForm> form = turnEnd == TurnEnd.SCREEN ? tool.terminal() : Optional.empty();
    Optional<String> known = form.flatMap(it -> it.addSession(argv, session));
    form.ifPresent(it -> it.addModel(argv, model));
    Optional<SessionFiles> files =
        known.isPresent()
            ? Optional.empty()
            : form.flatMap(TerminalForm::sessionId)
                .map(it -> new SessionFiles(it, env, request.workdir()));
    String role = request.way() == Way.ACP && tool.role(Way.ACP).isEmpty() ? request.role() : "";
    return new Launch(
        tool, request.way(), request.mode(), argv, env, aid, turnEnd, known, role, files);
  }

  /**
   * What to run for one turn.
   *
   * @param request by {@link Way#HEADLESS}
   * @param words where Cleat sets the tool's own session id, an empty {@code session} becomes a new
   *     random one, which is in the result
   * @param resume whether the tool is to go on with the session of {@code words}
   * @throws ToolException of any kind
   */
  public Launch resolveTurn(LaunchRequest request, TurnWords words, boolean resume)
      throws ToolException {
    if (request.way() != Way.HEADLESS || (resume && words.session().isEmpty())) {
      throw new IllegalArgumentException("not a turn's command, or nothing to go on with");
    }
    Tool tool = checked(request);
    HeadlessForm form = tool.headless().orElseThrow();
    Telling telling = Telling.of(tool, request);
    Map<String, String> env = environment(tool, request, telling);
    TurnWords named =
        form.token() == SessionToken.SET && words.session().isEmpty()
            ? words.withSession(UUID.randomUUID().toString())
            : words;
    List<String> argv = form.argv(named, resume);
    argv.set(0, program(tool, argv.getFirst(), env, request));
    // Behind the last word they would be part of what is prompted.
    argv.addAll(1, request.args());
    argv.addAll(1, telling.args());
    Optional<String> session =
        form.template(resume).uses(Placeholder.SESSION)
            ? Optional.of(named.session())
            : Optional.empty();
    return new Launch(
        tool,
        Way.HEADLESS,
        Mode.PIPES,
        argv,
        env,
        Optional.empty(),
        TurnEnd.NONE,
        session,
        "",
        Optional.empty());
  }

  /**
   * Refuses what {@link #resolve} or {@link #resolveTurn} would refuse.
   *
   * @throws ToolException of any kind
   */
  public void check(LaunchRequest request) throws ToolException {
    Tool tool = checked(request);
    String program =
        request.way() == Way.TERMINAL
            ? tool.command(request.mode()).getFirst()
            : tool.program(request.way()).orElseThrow();
    Map<String, String> env = environment(tool, request, Telling.of(tool, request));
    var _ = program(tool, program, env, request);
  }

  /**
   * Refuses a role that the tool cannot be told in this way.
   *
   * @param role empty for none, which is never refused
   * @throws ToolException {@link Kind#UNKNOWN_TOOL}, {@link Kind#TOOL_NOT_SUPPORTED}
   */
  public void checkRole(String tool, Way way, String role) throws ToolException {
    if (!role.isEmpty()) {
      Telling.checkRole(tool(tool), way);
    }
  }

  /**
   * What to ask a tool's program.
   *
   * @param words that it is called with
   * @throws ToolException {@link Kind#TOOL_NOT_INSTALLED}
   */
  Question question(Tool tool, List<String> words) throws ToolException {
    Map<String, String> env = environment.of(Mode.PIPES, tool.env(), Map.of());
    return new Question(tool, installed(tool, tool.program(), env, ROOT), words, env);
  }

  /** The variables of a session's process, and what the tool is told by them. */
  private Map<String, String> environment(Tool tool, LaunchRequest request, Telling telling)
      throws ToolException {
    Map<String, String> env = environment.of(request.mode(), tool.env(), request.env());
    telling.addTo(env, request.env(), tool.name());
    env.put("CLEAT_SESSION_ID", request.sessionId());
    env.remove(ShellInit.AID_VARIABLE);
    return env;
  }

  /** The program as it is to be started; its name alone where it cannot be looked up. */
  private static String program(
      Tool tool, String name, Map<String, String> env, LaunchRequest request) throws ToolException {
    return request.site() == Site.ELSEWHERE
        ? name
        : installed(tool, name, env, request.workdir()).toString();
  }

  private static Path installed(Tool tool, String name, Map<String, String> env, Path workdir)
      throws ToolException {
    return LaunchEnvironment.program(name, env, workdir)
        .orElseThrow(() ->
            new ToolException(
                Kind.TOOL_NOT_INSTALLED,
                tool.name(),
                "The tool '%s' is in the catalogue, but its program '%s' is not installed"
                    .formatted(tool.name(), Path.of(name).getFileName())));
  }

  /** The tool, if it has what is asked of it, installed or not. */
  private Tool checked(LaunchRequest request) throws ToolException {
    Tool tool = tool(request.tool());
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
    if (!tool.ways().contains(request.way())) {
      throw ToolException.noSuchWay(tool, request.way());
    }
    if (request.way() == Way.TERMINAL && tool.command(request.mode()).isEmpty()) {
      throw new ToolException(
          Kind.TOOL_NOT_SUPPORTED,
          tool.name(),
          "The tool '%s' needs a terminal: its entry has no pipes_command".formatted(tool.name()));
    }
    return tool;
  }

  private static String lower(Os os) {
    return os.name().toLowerCase(Locale.ROOT);
  }

  /** The command with what makes a shell mark its own. */
  private List<String> marking(
      Shell shell, List<String> command, String aid, Map<String, String> env, Site site) {
    if (site != Site.SERVER) {
      return shells.commandWithoutFile(shell, command, aid);
    }
    env.put(ShellInit.AID_VARIABLE, aid);
    return shells.command(shell, command);
  }

  /** The shell to make mark its commands. On pipes there is no prompt to mark. */
  private static Optional<Shell> marking(Tool tool, Mode mode) {
    return mode == Mode.PTY && tool.turnEnd() == TurnEnd.MARKS ? tool.shell() : Optional.empty();
  }

  private String newAid() {
    byte[] bytes = new byte[AID_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
