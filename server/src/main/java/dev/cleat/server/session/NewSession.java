package dev.cleat.server.session;

import dev.cleat.server.store.RequestRow;
import dev.cleat.server.tool.LaunchRequest;
import dev.cleat.server.tool.Mode;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A session as it was asked for.
 *
 * @param request valid by itself
 */
record NewSession(Shared shared, CreateRequest request) {
  private static final TerminalSize DEFAULT_SIZE =
      TerminalSize.newBuilder().setRows(24).setColumns(80).build();

  /** What tells a retry from another request under the same id. */
  byte[] fingerprint() {
    return Fingerprint.of(request.toBuilder().clearRequestId().build());
  }

  /** What is remembered of the request; empty when it has no id. */
  Optional<RequestRow> requestRow(String id) {
    return request.getRequestId().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new RequestRow(
                RequestRow.Kind.CREATE,
                request.getRequestId(),
                fingerprint(),
                id,
                null,
                shared.clock().instant().plus(Prompts.REMEMBERED).toEpochMilli()));
  }

  /** What of it is never shown, and needed for a restart. */
  byte[] secret() {
    return CreateRequest.newBuilder().putAllEnv(request.getEnvMap()).build().toByteArray();
  }

  /**
   * Refuses what could not be started here, before anything is done.
   *
   * @throws Refusal about the working directory or the tool
   */
  void check() {
    final Path workdir =
        request.getWorkdir().isEmpty()
            ? shared.settings().workspaceRoot()
            : Starter.path(request.getWorkdir());
    if (!request.getWorkdir().isEmpty()) {
      Starter.checkWorkdir(workdir);
    }
    final PromptWay way = way();
    final Mode mode =
        way == PromptWay.PROMPT_WAY_ACP || request.getMode() == SessionMode.SESSION_MODE_PIPES
            ? Mode.PIPES
            : Mode.PTY;
    if (way == PromptWay.PROMPT_WAY_TERMINAL && !request.getResumeToken().isEmpty()) {
      throw Refusal.invalid(
          "resume_token", "is for agents; this tool takes its prompts by terminal");
    }
    Starter.check(
        shared,
        new LaunchRequest(
            request.getTool(),
            request.getArgsList(),
            Starter.way(way),
            mode,
            request.getEnvMap(),
            request.getEndpoint(),
            workdir,
            "new"));
  }

  /**
   * How the tool will take prompts: as asked for, or the best way that can be used here.
   *
   * @throws Refusal UNKNOWN_TOOL, NO_SUCH_WAY
   */
  PromptWay way() {
    return Starter.way(shared, request.getTool(), request.getPromptWay());
  }

  /** The session before its first event. */
  dev.cleat.v1.Session settings(String id) {
    final dev.cleat.v1.Session.Builder session =
        dev.cleat.v1.Session.newBuilder()
            .setId(id)
            .setName(request.getName())
            .setTool(request.getTool())
            .setState(SessionState.SESSION_STATE_STARTING)
            .setEpoch(1)
            .setWorkdir(request.getWorkdir())
            .addAllArgs(request.getArgsList())
            .addAllEnvNames(request.getEnvMap().keySet().stream().sorted().toList())
            .putAllLabels(request.getLabelsMap())
            .setSize(request.hasSize() ? request.getSize() : DEFAULT_SIZE)
            .setMode(request.getMode())
            .setModel(request.getModel())
            .setRole(request.getRole())
            .setParentId(request.getParentId())
            .setWorkspace(request.getWorkspace())
            .setInternal(request.getInternal())
            .setResizePolicy(request.getResizePolicy())
            .setPromptWay(way())
            .setResumeToken(request.getResumeToken())
            .setRevive(request.getRevive())
            .setEndpoint(request.getEndpoint())
            .setCreateTime(Times.timestamp(shared.clock().instant()));
    if (request.hasMetadata()) {
      session.setMetadata(request.getMetadata());
    }
    if (request.hasIdleTimeout()) {
      session.setIdleTimeout(request.getIdleTimeout());
    } else if (!shared.settings().idleTimeout().isZero()) {
      session.setIdleTimeout(Times.duration(shared.settings().idleTimeout()));
    }
    if (request.hasLifetime()) {
      session.setLifetime(request.getLifetime());
    }
    if (request.hasApprovals()) {
      session.setApprovals(request.getApprovals());
    }
    if (request.hasRetention()) {
      session.setRetention(request.getRetention());
    }
    return session.build();
  }
}
