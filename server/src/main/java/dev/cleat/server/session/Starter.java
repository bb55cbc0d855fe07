package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.terminal.Size;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.server.terminal.TerminalSpec;
import dev.cleat.server.terminal.TerminalStartException;
import dev.cleat.server.tool.Launch;
import dev.cleat.server.tool.LaunchRequest;
import dev.cleat.server.tool.Mode;
import dev.cleat.server.tool.ToolException;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionOrBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Starts a session's process, and says in the contract's words why it cannot. */
final class Starter {
  private Starter() {}

  /** What was started. */
  record Started(Terminal terminal, Launch launch, SessionMode mode, Path workdir) {}

  static Started start(
      Shared shared,
      String sessionId,
      SessionOrBuilder session,
      Map<String, String> env,
      TerminalListener listener) {
    final Path workdir = workdir(shared.settings(), sessionId, session.getWorkdir());
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
        resolve(
            shared,
            new LaunchRequest(
                session.getTool(), session.getArgsList(), mode, env, workdir, sessionId));
    final TerminalSpec spec =
        new TerminalSpec(
            launch.argv(),
            launch.environment(),
            workdir,
            new Size(session.getSize().getRows(), session.getSize().getColumns()));
    try {
      final Terminal terminal =
          (mode == Mode.PTY ? shared.terminals() : shared.pipes()).start(spec, listener);
      return new Started(
          terminal,
          launch,
          mode == Mode.PTY ? SessionMode.SESSION_MODE_PTY : SessionMode.SESSION_MODE_PIPES,
          workdir);
    } catch (TerminalStartException e) {
      throw refusal(sessionId, e);
    }
  }

  /** What to start for a tool, or why it cannot be. */
  static Launch resolve(Shared shared, LaunchRequest request) {
    try {
      return shared.catalogue().resolve(request);
    } catch (ToolException e) {
      throw refusal(e);
    }
  }

  /** A tool's trouble in the contract's words. */
  static Refusal refusal(ToolException e) {
    final String message = String.valueOf(e.getMessage());
    final Refusal refusal =
        switch (e.kind()) {
          case UNKNOWN_TOOL ->
              Refusal.of(Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_TOOL, message);
          case TOOL_NOT_INSTALLED ->
              Refusal.of(
                  Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_TOOL_NOT_INSTALLED, message);
          case TOOL_NOT_SUPPORTED ->
              Refusal.of(
                  Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_TOOL_NOT_SUPPORTED, message);
        };
    return refusal.field("tool", message).with("tool", e.tool());
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
