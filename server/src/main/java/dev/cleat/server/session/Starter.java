package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.store.StoreException;
import dev.cleat.server.terminal.Size;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.server.terminal.TerminalStartException;
import dev.cleat.server.tool.HeadlessForm;
import dev.cleat.server.tool.Launch;
import dev.cleat.server.tool.LaunchRequest;
import dev.cleat.server.tool.Mode;
import dev.cleat.server.tool.SessionFiles;
import dev.cleat.server.tool.Site;
import dev.cleat.server.tool.TerminalForm;
import dev.cleat.server.tool.Tool;
import dev.cleat.server.tool.ToolException;
import dev.cleat.server.tool.TurnEnd;
import dev.cleat.server.tool.TurnWords;
import dev.cleat.server.tool.Way;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionOrBuilder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Starts a session's process, and says in the contract's words why it cannot. */
final class Starter {
  private Starter() {}

  /**
   * What was started.
   *
   * @param aid what the marks of its shell carry
   * @param screen how it is driven by its screen, where it is
   * @param session the tool's own session, where it was told which
   * @param role what the agent is still to be told by ACP
   * @param sessionFiles where that is to be looked for, where the tool chooses it
   * @param workdir the directory it was started in; the root directory where that is not known
   * @param placement where it runs
   */
  record Started(
      Terminal terminal,
      Optional<String> aid,
      Prompting prompting,
      Optional<TerminalForm> screen,
      Optional<String> session,
      String role,
      Optional<SessionFiles> sessionFiles,
      SessionMode mode,
      Path workdir,
      Placement placement) {}

  static Started start(
      Shared shared,
      SessionKey key,
      SessionOrBuilder session,
      Map<String, String> env,
      TerminalListener listener) {
    final Placement placement = Placement.of(shared, key, session.getWorkspace());
    placement.check(session.getTool(), env.keySet());
    final Path workdir = placement.workdir(session.getWorkdir());
    final Place place = new Place(placement, workdir);
    switch (session.getPromptWay()) {
      case PROMPT_WAY_HEADLESS -> {
        return new Started(
            new HeadlessTerminal(listener),
            Optional.empty(),
            Prompting.NONE,
            Optional.empty(),
            Optional.empty(),
            "",
            Optional.empty(),
            SessionMode.SESSION_MODE_PIPES,
            workdir,
            placement);
      }
      case PROMPT_WAY_ACP -> {
        return start(shared, session, env, Mode.PIPES, place, listener);
      }
      default -> {}
    }
    return switch (session.getMode()) {
      case SESSION_MODE_PIPES -> start(shared, session, env, Mode.PIPES, place, listener);
      case SESSION_MODE_PTY_OR_PIPES -> {
        try {
          yield start(shared, session, env, Mode.PTY, place, listener);
        } catch (Refusal e) {
          if (e.reason() != ErrorReason.ERROR_REASON_NO_TERMINAL) {
            throw e;
          }
          yield start(shared, session, env, Mode.PIPES, place, listener);
        }
      }
      default -> start(shared, session, env, Mode.PTY, place, listener);
    };
  }

  /** Where a process is started. */
  private record Place(Placement placement, Path workdir) {}

  /** An absolute path from a request. */
  static Path path(String asked) {
    try {
      final Path path = Path.of(asked);
      if (path.isAbsolute()) {
        return path.normalize();
      }
    } catch (InvalidPathException e) {
      throw Refusal.invalid("workdir", "is not a path");
    }
    throw Refusal.invalid("workdir", "must be absolute");
  }

  /** Refuses a directory that a process could not be started in, before anything is done. */
  static void checkWorkdir(Path workdir) {
    if (!Files.exists(workdir)) {
      throw workdir(ErrorReason.ERROR_REASON_WORKDIR_MISSING, "does not exist; create it first");
    }
    if (!Files.isDirectory(workdir)) {
      throw workdir(ErrorReason.ERROR_REASON_WORKDIR_NOT_A_DIRECTORY, "is not a directory");
    }
    if (!Files.isExecutable(workdir)) {
      throw workdir(
          ErrorReason.ERROR_REASON_WORKDIR_NOT_PERMITTED,
          "may not be entered by the server's user");
    }
  }

  private static Refusal workdir(ErrorReason reason, String what) {
    return Refusal.of(Code.FAILED_PRECONDITION, reason, "workdir " + what).field("workdir", what);
  }

  private static Started start(
      Shared shared,
      SessionOrBuilder session,
      Map<String, String> env,
      Mode mode,
      Place place,
      TerminalListener listener) {
    final Launch launch = resolve(shared, request(session, env, mode, place), session);
    final Size size = new Size(session.getSize().getRows(), session.getSize().getColumns());
    final Terminal terminal =
        start(
            mode == Mode.PTY ? shared.terminals() : shared.pipes(),
            launch,
            place.placement().prepare(launch, session.getWorkdir(), place.workdir(), size),
            place.placement(),
            listener);
    final SessionMode connected =
        mode == Mode.PTY ? SessionMode.SESSION_MODE_PTY : SessionMode.SESSION_MODE_PIPES;
    return new Started(
        terminal,
        launch.aid(),
        Prompting.of(launch, connected),
        launch.turnEnd() == TurnEnd.SCREEN ? launch.tool().terminal() : Optional.empty(),
        launch.session(),
        launch.role(),
        // What another user wrote is not read.
        launch.sessionFiles().filter(_ -> place.placement().isOwnUser()),
        connected,
        place.workdir(),
        place.placement());
  }

  /**
   * Starts a process.
   *
   * @throws Refusal if it cannot be started
   */
  private static Terminal start(
      TerminalFactory factory,
      Launch launch,
      Placement.Prepared prepared,
      Placement placement,
      TerminalListener listener) {
    boolean started = false;
    try {
      final Terminal terminal =
          factory.start(prepared.spec(), new CellListener(listener, prepared.cell()));
      started = true;
      return terminal;
    } catch (TerminalStartException e) {
      throw refusal(placement, launch, e);
    } finally {
      if (!started) {
        prepared.cell().close();
      }
    }
  }

  /** What hands each turn to a command of its own. */
  static HeadlessDriver headless(
      Shared shared,
      SessionKey key,
      Supplier<SessionOrBuilder> session,
      Map<String, String> env,
      HeadlessDriver.Host host,
      HeadlessTerminal terminal,
      Path workdir,
      Site site,
      AgentTurns turns) {
    final HeadlessDriver.Launcher launcher =
        (words, resume, listener) -> {
          final Placement placement = Placement.of(shared, key, session.get().getWorkspace());
          placement.check(session.get().getTool(), env.keySet());
          final Launch launch =
              resolveTurn(
                  shared,
                  request(session.get(), env, Mode.PIPES, new Place(placement, workdir)),
                  words,
                  resume);
          final Placement.Prepared prepared =
              placement.prepare(launch, session.get().getWorkdir(), workdir, new Size(24, 80));
          return new HeadlessDriver.Running(
              start(shared.pipes(), launch, prepared, placement, listener), launch.session());
        };
    return new HeadlessDriver(
        shared,
        host,
        launcher,
        form(shared, session.get().getTool()),
        terminal,
        workdir,
        session,
        site == Site.SERVER,
        turns::hear);
  }

  private static Launch resolveTurn(
      Shared shared, LaunchRequest request, TurnWords words, boolean resume) {
    try {
      return shared.catalogue().resolveTurn(request, words, resume);
    } catch (ToolException e) {
      throw refusal(e);
    }
  }

  /** Called for a tool that has been checked to have it. */
  private static HeadlessForm form(Shared shared, String tool) {
    return tool(shared, tool).headless().orElseThrow();
  }

  /**
   * An entry of the catalogue.
   *
   * @throws Refusal UNKNOWN_TOOL
   */
  static Tool tool(Shared shared, String name) {
    try {
      return shared.catalogue().tool(name);
    } catch (ToolException e) {
      throw refusal(e);
    }
  }

  /** Whether the turns of a session with these settings are seen on its screen. */
  static boolean isSeenOnScreen(Shared shared, SessionOrBuilder session) {
    return way(session.getPromptWay()) == Way.TERMINAL
        && session.getMode() != SessionMode.SESSION_MODE_PIPES
        && onScreen(shared, session.getTool()).isPresent();
  }

  /** Whether a tool on a terminal can be told to go on with a session of its own. */
  static boolean resumesOnTerminal(Shared shared, String tool) {
    return onScreen(shared, tool).filter(form -> !form.resume().isEmpty()).isPresent();
  }

  private static Optional<TerminalForm> onScreen(Shared shared, String tool) {
    try {
      final Tool entry = shared.catalogue().tool(tool);
      return entry.turnEnd() == TurnEnd.SCREEN ? entry.terminal() : Optional.empty();
    } catch (ToolException e) {
      // It was in the catalogue once.
      return Optional.empty();
    }
  }

  /**
   * Refuses what could not be started.
   *
   * @throws Refusal UNKNOWN_TOOL, TOOL_NOT_INSTALLED, TOOL_NOT_SUPPORTED, NO_SUCH_WAY
   */
  static void check(Shared shared, LaunchRequest request) {
    try {
      shared.catalogue().check(request);
    } catch (ToolException e) {
      throw refusal(e);
    }
  }

  /**
   * Refuses a role that the tool of a session cannot be told.
   *
   * @param role empty for none, which is never refused
   * @throws Refusal UNKNOWN_TOOL, TOOL_NOT_SUPPORTED
   */
  static void checkRole(Shared shared, SessionOrBuilder session, String role) {
    try {
      shared.catalogue().checkRole(session.getTool(), way(session.getPromptWay()), role);
    } catch (ToolException e) {
      throw refusal(e);
    }
  }

  /**
   * Refuses a session of commands whose program is not there: it starts nothing by itself that
   * would show it.
   *
   * @throws Refusal UNKNOWN_TOOL, TOOL_NOT_INSTALLED, TOOL_NOT_SUPPORTED, NO_SUCH_WAY
   */
  static void checkHeadless(
      Shared shared, SessionKey key, SessionOrBuilder session, Map<String, String> env) {
    if (session.getPromptWay() == PromptWay.PROMPT_WAY_HEADLESS) {
      final Placement placement = Placement.of(shared, key, session.getWorkspace());
      final Place place = new Place(placement, placement.workdir(session.getWorkdir()));
      check(shared, request(session, env, Mode.PIPES, place));
    }
  }

  /**
   * The way that was asked for, or the best that can be used here; the best there is where none
   * can.
   *
   * @throws Refusal UNKNOWN_TOOL
   */
  static PromptWay way(Shared shared, String tool, PromptWay asked, Site site) {
    if (asked != PromptWay.PROMPT_WAY_UNSPECIFIED) {
      return asked;
    }
    final Tool entry = tool(shared, tool);
    final List<Way> available =
        site == Site.ELSEWHERE ? List.of() : shared.catalogue().available(entry);
    return Stream.concat(available.stream(), shared.catalogue().ways(entry).stream())
        .findFirst()
        .map(Starter::contract)
        .orElse(PromptWay.PROMPT_WAY_TERMINAL);
  }

  /** The ways in which a tool takes prompts that are less good than this one, best first. */
  static List<PromptWay> waysAfter(Shared shared, String tool, PromptWay way, SessionMode mode) {
    final Tool entry = tool(shared, tool);
    final boolean typed =
        mode != SessionMode.SESSION_MODE_PIPES && entry.turnEnd(Mode.PTY) != TurnEnd.NONE;
    return entry.ways().stream()
        .filter(other -> other.compareTo(way(way)) > 0)
        .filter(other -> other != Way.TERMINAL || typed)
        .map(Starter::contract)
        .toList();
  }

  private static PromptWay contract(Way way) {
    return switch (way) {
      case ACP -> PromptWay.PROMPT_WAY_ACP;
      case HEADLESS -> PromptWay.PROMPT_WAY_HEADLESS;
      case TERMINAL -> PromptWay.PROMPT_WAY_TERMINAL;
    };
  }

  private static LaunchRequest request(
      SessionOrBuilder session, Map<String, String> env, Mode mode, Place place) {
    return new LaunchRequest(
        session.getTool(),
        session.getArgsList(),
        way(session.getPromptWay()),
        mode,
        place.placement().environment(env, place.workdir()),
        session.getEndpoint(),
        session.getRole(),
        place.workdir(),
        place.placement().key().id(),
        place.placement().site());
  }

  /** A way in the catalogue's words; a terminal where nothing is said. */
  static Way way(PromptWay way) {
    return switch (way) {
      case PROMPT_WAY_ACP -> Way.ACP;
      case PROMPT_WAY_HEADLESS -> Way.HEADLESS;
      default -> Way.TERMINAL;
    };
  }

  /** What to start for a tool, or why it cannot be. */
  private static Launch resolve(Shared shared, LaunchRequest request, SessionOrBuilder session) {
    try {
      return shared.catalogue().resolve(request, session.getResumeToken(), session.getModel());
    } catch (ToolException e) {
      throw refusal(e);
    }
  }

  /** A tool's trouble in the contract's words. */
  static Refusal refusal(ToolException e) {
    final String message = String.valueOf(e.getMessage());
    final Refusal refusal =
        switch (e.kind()) {
          case NO_SUCH_WAY ->
              Refusal.of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NO_SUCH_WAY, message)
                  .with("prompt_way", e.way().map(Way::toString).orElse(""));
          case UNKNOWN_TOOL ->
              Refusal.of(Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_TOOL, message);
          case TOOL_NOT_INSTALLED ->
              Refusal.of(
                  Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_TOOL_NOT_INSTALLED, message);
          case TOOL_NOT_SUPPORTED ->
              Refusal.of(
                  Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_TOOL_NOT_SUPPORTED, message);
          case VARIABLE_TAKEN ->
              Refusal.of(Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REQUEST, message);
        };
    return refusal.field(e.field(), message).with("tool", e.tool());
  }

  /** Why a process could not be started, where nobody was told in the contract's words. */
  static String defect(RuntimeException e) {
    return e instanceof StoreException
        ? "it cannot be started: " + Refusal.storageUnavailable().getMessage()
        : "it cannot be started; the server's log says why";
  }

  /** Why a process could not be started, in the contract's words: not with the server's paths. */
  private static Refusal refusal(Placement placement, Launch launch, TerminalStartException e) {
    final String name = String.valueOf(Path.of(launch.program()).getFileName());
    final String message =
        placement.site() == Site.SERVER
            ? String.valueOf(e.getMessage()).replace(launch.program(), name)
            : "it cannot be started in its workspace";
    return switch (e.kind()) {
      case WORKDIR_MISSING ->
          workdir(ErrorReason.ERROR_REASON_WORKDIR_MISSING, "does not exist; create it first");
      case WORKDIR_NOT_FOLDER ->
          workdir(ErrorReason.ERROR_REASON_WORKDIR_NOT_A_DIRECTORY, "is not a directory");
      case WORKDIR_NOT_PERMITTED ->
          workdir(
              ErrorReason.ERROR_REASON_WORKDIR_NOT_PERMITTED,
              "may not be entered by the server's user");
      case WORKDIR_OUTSIDE -> Refusal.notAllowed("workdir", "has become another directory");
      case NO_PTY ->
          Refusal.of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_NO_TERMINAL, message)
              .retryAfter(Duration.ofSeconds(5));
      case PROGRAM_MISSING, FAILED ->
          Refusal.of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_START_FAILED, message)
              .with("session_id", placement.key().id());
    };
  }
}
