package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.terminal.Size;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.server.terminal.TerminalSpec;
import dev.cleat.server.terminal.TerminalStartException;
import dev.cleat.server.tool.HeadlessForm;
import dev.cleat.server.tool.Launch;
import dev.cleat.server.tool.LaunchRequest;
import dev.cleat.server.tool.Mode;
import dev.cleat.server.tool.TerminalForm;
import dev.cleat.server.tool.Tool;
import dev.cleat.server.tool.ToolException;
import dev.cleat.server.tool.TurnEnd;
import dev.cleat.server.tool.Way;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionOrBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
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
   */
  record Started(
      Terminal terminal,
      Optional<String> aid,
      Prompting prompting,
      Optional<TerminalForm> screen,
      Optional<String> session,
      SessionMode mode,
      Path workdir) {}

  static Started start(
      Shared shared,
      String sessionId,
      SessionOrBuilder session,
      Map<String, String> env,
      TerminalListener listener) {
    final Path workdir = workdir(shared.settings(), sessionId, session.getWorkdir());
    switch (session.getPromptWay()) {
      case PROMPT_WAY_HEADLESS -> {
        checkWorkdir(workdir);
        return new Started(
            new HeadlessTerminal(listener),
            Optional.empty(),
            Prompting.NONE,
            Optional.empty(),
            Optional.empty(),
            SessionMode.SESSION_MODE_PIPES,
            workdir);
      }
      case PROMPT_WAY_ACP -> {
        return start(shared, sessionId, session, env, Mode.PIPES, workdir, listener);
      }
      default -> {}
    }
    return switch (session.getMode()) {
      case SESSION_MODE_PIPES ->
          start(shared, sessionId, session, env, Mode.PIPES, workdir, listener);
      case SESSION_MODE_PTY_OR_PIPES -> {
        try {
          yield start(shared, sessionId, session, env, Mode.PTY, workdir, listener);
        } catch (Refusal e) {
          if (e.reason() != ErrorReason.ERROR_REASON_NO_TERMINAL) {
            throw e;
          }
          yield start(shared, sessionId, session, env, Mode.PIPES, workdir, listener);
        }
      }
      default -> start(shared, sessionId, session, env, Mode.PTY, workdir, listener);
    };
  }

  /** The directory to start in; made when the session has none of its own. */
  private static Path workdir(SessionSettings settings, String sessionId, String asked) {
    if (!asked.isEmpty()) {
      return path(asked);
    }
    final Workspace own = Workspace.of(settings, sessionId);
    try {
      own.create();
    } catch (IOException e) {
      throw Refusal.storageUnavailable();
    }
    return own.path();
  }

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
      String sessionId,
      SessionOrBuilder session,
      Map<String, String> env,
      Mode mode,
      Path workdir,
      TerminalListener listener) {
    final Launch launch =
        resolve(shared, request(sessionId, session, env, mode, workdir), session.getResumeToken());
    final TerminalSpec spec =
        new TerminalSpec(
            launch.argv(),
            launch.environment(),
            workdir,
            new Size(session.getSize().getRows(), session.getSize().getColumns()));
    try {
      final Terminal terminal =
          (mode == Mode.PTY ? shared.terminals() : shared.pipes()).start(spec, listener);
      final SessionMode connected =
          mode == Mode.PTY ? SessionMode.SESSION_MODE_PTY : SessionMode.SESSION_MODE_PIPES;
      return new Started(
          terminal,
          launch.aid(),
          Prompting.of(launch, connected),
          launch.turnEnd() == TurnEnd.SCREEN ? launch.tool().terminal() : Optional.empty(),
          launch.session(),
          connected,
          workdir);
    } catch (TerminalStartException e) {
      throw refusal(sessionId, e);
    }
  }

  /** What hands each turn to a command of its own. */
  static HeadlessDriver headless(
      Shared shared,
      String sessionId,
      Supplier<SessionOrBuilder> session,
      Map<String, String> env,
      HeadlessDriver.Host host,
      HeadlessTerminal terminal,
      Path workdir,
      AgentTurns turns) {
    final HeadlessDriver.Launcher launcher =
        (words, resume) -> {
          try {
            return shared
                .catalogue()
                .resolveTurn(
                    request(sessionId, session.get(), env, Mode.PIPES, workdir), words, resume);
          } catch (ToolException e) {
            throw refusal(e);
          }
        };
    return new HeadlessDriver(
        shared,
        host,
        launcher,
        form(shared, session.get().getTool()),
        terminal,
        workdir,
        session,
        turns::hear);
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
   * The way that was asked for, or the best that can be used here; the best there is where none
   * can.
   *
   * @throws Refusal UNKNOWN_TOOL
   */
  static PromptWay way(Shared shared, String tool, PromptWay asked) {
    if (asked != PromptWay.PROMPT_WAY_UNSPECIFIED) {
      return asked;
    }
    final Tool entry = tool(shared, tool);
    return Stream.concat(
            shared.catalogue().available(entry).stream(), shared.catalogue().ways(entry).stream())
        .findFirst()
        .map(Starter::contract)
        .orElse(PromptWay.PROMPT_WAY_TERMINAL);
  }

  private static PromptWay contract(Way way) {
    return switch (way) {
      case ACP -> PromptWay.PROMPT_WAY_ACP;
      case HEADLESS -> PromptWay.PROMPT_WAY_HEADLESS;
      case TERMINAL -> PromptWay.PROMPT_WAY_TERMINAL;
    };
  }

  private static LaunchRequest request(
      String sessionId,
      SessionOrBuilder session,
      Map<String, String> env,
      Mode mode,
      Path workdir) {
    return new LaunchRequest(
        session.getTool(),
        session.getArgsList(),
        way(session.getPromptWay()),
        mode,
        env,
        session.getEndpoint(),
        workdir,
        sessionId);
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
  static Launch resolve(Shared shared, LaunchRequest request, String session) {
    try {
      return shared.catalogue().resolve(request, session);
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
        };
    return refusal
        .field(e.kind() == ToolException.Kind.NO_SUCH_WAY ? "prompt_way" : "tool", message)
        .with("tool", e.tool());
  }

  private static Refusal refusal(String sessionId, TerminalStartException e) {
    final String message = String.valueOf(e.getMessage());
    return switch (e.kind()) {
      case WORKDIR_MISSING ->
          workdir(ErrorReason.ERROR_REASON_WORKDIR_MISSING, "does not exist; create it first");
      case WORKDIR_NOT_FOLDER ->
          workdir(ErrorReason.ERROR_REASON_WORKDIR_NOT_A_DIRECTORY, "is not a directory");
      case WORKDIR_NOT_PERMITTED ->
          workdir(
              ErrorReason.ERROR_REASON_WORKDIR_NOT_PERMITTED,
              "may not be entered by the server's user");
      case NO_PTY ->
          Refusal.of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_NO_TERMINAL, message)
              .retryAfter(Duration.ofSeconds(5));
      case PROGRAM_MISSING, FAILED ->
          Refusal.of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_START_FAILED, message)
              .with("session_id", sessionId);
    };
  }
}
