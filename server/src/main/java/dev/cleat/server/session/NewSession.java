package dev.cleat.server.session;

import dev.cleat.server.store.RequestRow;
import dev.cleat.server.tool.LaunchRequest;
import dev.cleat.server.tool.Mode;
import dev.cleat.server.tool.Tool;
import dev.cleat.server.tool.TurnEnd;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A session as it was asked for.
 *
 * @param maker who asks for it
 * @param request valid by itself
 */
record NewSession(Shared shared, Maker maker, CreateRequest request) {
  private static final TerminalSize DEFAULT_SIZE =
      TerminalSize.newBuilder().setRows(24).setColumns(80).build();

  /** What tells a retry from another request under the same id. */
  byte[] fingerprint() {
    return Fingerprint.of(request.toBuilder().clearRequestId().build());
  }

  /** What is remembered of the request; empty when it has no id. */
  Optional<RequestRow> requestRow(SessionKey key) {
    return request.getRequestId().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new RequestRow(
                RequestRow.Kind.CREATE,
                key.tenant(),
                request.getRequestId(),
                fingerprint(),
                key.text(),
                null,
                shared.clock().instant().plus(Prompts.REMEMBERED).toEpochMilli()));
  }

  /**
   * What of it is never shown, and needed for a restart; and what it begins with, for whoever
   * brings it back where the server died before that was in its journal.
   */
  byte[] secret() {
    return CreateRequest.newBuilder()
        .putAllEnv(request.getEnvMap())
        .addAllStartPrompts(request.getStartPromptsList())
        .build()
        .toByteArray();
  }

  /**
   * Refuses what could not be started here, before anything is done.
   *
   * @throws Refusal about the working directory or the tool
   */
  void check() {
    final Placement placement = placement();
    placement.check(request.getTool(), request.getEnvMap().keySet());
    final Path workdir =
        request.getWorkdir().isEmpty()
            ? shared.settings().workspaceRoot()
            : placement.check(Starter.path(request.getWorkdir()));
    final PromptWay way = way();
    Modes.check(request.getTool(), way, request.getAgentMode());
    final Mode mode =
        way == PromptWay.PROMPT_WAY_ACP || request.getMode() == SessionMode.SESSION_MODE_PIPES
            ? Mode.PIPES
            : Mode.PTY;
    if (way == PromptWay.PROMPT_WAY_TERMINAL
        && !request.getResumeToken().isEmpty()
        && (mode == Mode.PIPES || !Starter.resumesOnTerminal(shared, request.getTool()))) {
      throw Refusal.invalid(
          "resume_token",
          "cannot be used: on a terminal this tool cannot be told to go on with a session");
    }
    Starter.check(
        shared,
        new LaunchRequest(
            request.getTool(),
            request.getArgsList(),
            Starter.way(way),
            mode,
            placement.environment(request.getEnvMap(), workdir),
            request.getEndpoint(),
            request.getRole(),
            workdir,
            "new",
            placement.site()));
    if (way == PromptWay.PROMPT_WAY_TERMINAL && request.getStartPromptsCount() > 0) {
      checkTyping(Starter.tool(shared, request.getTool()), mode);
    }
  }

  private void checkTyping(Tool tool, Mode mode) {
    if (tool.turnEnd(mode) == TurnEnd.SCREEN) {
      return;
    }
    final Prompting prompting = Prompting.of(tool, mode);
    if (prompting.kind() == Prompting.Kind.NONE) {
      throw Refusal.noPrompts(tool.name()).field("start_prompts", "the tool takes no prompts");
    }
    for (int i = 0; i < request.getStartPromptsCount(); i++) {
      prompting.check("start_prompts[" + i + "]", request.getStartPrompts(i));
    }
  }

  /** The turns that begin by themselves. They wait until the tool is ready. */
  List<Turn> startTurns(String sessionId) {
    return startTurns(sessionId, request.getStartPromptsList(), shared.clock().instant());
  }

  /** Likewise, for these prompts. */
  static List<Turn> startTurns(String sessionId, List<String> prompts, Instant now) {
    final List<Turn> turns = new ArrayList<>();
    for (String prompt : prompts) {
      turns.add(
          Turn.newBuilder()
              .setId(Ids.next())
              .setSessionId(sessionId)
              .setNumber(turns.size() + 1)
              .setState(TurnState.TURN_STATE_ACCEPTED)
              .setPrompt(prompt)
              .setCreateTime(Times.timestamp(now))
              .build());
    }
    return turns;
  }

  /**
   * How the tool will take prompts: as asked for, or the best way that can be used here.
   *
   * @throws Refusal UNKNOWN_TOOL, NO_SUCH_WAY
   */
  PromptWay way() {
    return Starter.way(shared, request.getTool(), request.getPromptWay(), placement().site());
  }

  /**
   * Where it will run.
   *
   * @throws Refusal NOT_ALLOWED
   */
  private Placement placement() {
    return Placement.of(shared, new SessionKey(maker.tenant(), "new"), request.getWorkspace());
  }

  /** The ways to go on in where this one fails to start; none where one was asked for. */
  private List<PromptWay> fallbacks() {
    return request.getPromptWay() == PromptWay.PROMPT_WAY_UNSPECIFIED
        ? Starter.waysAfter(shared, request.getTool(), way(), request.getMode())
        : List.of();
  }

  /** The session before its first event. */
  dev.cleat.v1.Session settings(String id) {
    final dev.cleat.v1.Session.Builder session =
        dev.cleat.v1.Session.newBuilder()
            .setId(id)
            .setTenant(maker.tenant())
            .setOwner(maker.owner())
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
            .setAgentMode(request.getAgentMode())
            .setRole(request.getRole())
            .setParentId(request.getParentId())
            .setWorkspace(placement().name())
            .setInternal(request.getInternal())
            .setResizePolicy(request.getResizePolicy())
            .setPromptWay(way())
            .addAllFallbackWays(fallbacks())
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
