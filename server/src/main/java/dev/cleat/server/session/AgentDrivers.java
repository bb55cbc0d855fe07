package dev.cleat.server.session;

import dev.cleat.server.tool.TerminalForm;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionMode;
import java.util.Map;

/**
 * Finds what the turns of an agent are handed to: commands, a protocol, or what a terminal shows.
 *
 * <p>Confined to the session's lock.
 */
final class AgentDrivers {
  private final Shared shared;
  private final SessionKey key;
  private final Map<String, String> env;
  private final SessionLog log;
  private final InputGate gate;
  private final TurnHost host;
  private final ScreenFollower screen;
  private final HeadlessDriver.Host process;

  AgentDrivers(
      Shared shared,
      SessionKey key,
      Map<String, String> env,
      SessionLog log,
      InputGate gate,
      TurnHost host,
      ScreenFollower screen,
      HeadlessDriver.Host process) {
    this.shared = shared;
    this.key = key;
    this.env = env;
    this.log = log;
    this.gate = gate;
    this.host = host;
    this.screen = screen;
    this.process = process;
  }

  /**
   * Gives an agent's turns what they are handed to, now that a process has been started.
   *
   * @param starting the process
   */
  void drive(AgentTurns agent, Run starting, Starter.Started started) {
    if (started.terminal() instanceof HeadlessTerminal headless) {
      agent.started(
          Starter.headless(
              shared,
              key,
              log.fold()::session,
              env,
              process,
              headless,
              started.workdir(),
              started.placement().site(),
              agent));
      return;
    }
    if (started.mode() == SessionMode.SESSION_MODE_PTY) {
      agent.started(
          started.screen().map(form -> onScreen(form, agent, starting, started)).orElse(null));
      return;
    }
    if (log.fold().session().getPromptWay() != PromptWay.PROMPT_WAY_ACP) {
      // Without a terminal there is no screen to see its turns on.
      agent.started(null);
      return;
    }
    final AcpDriver driver =
        new AcpDriver(
            gate,
            started.terminal(),
            started.workdir(),
            started.role(),
            log.fold()::session,
            agent::hear,
            reason -> giveUp(starting, started, reason));
    starting.converses(driver);
    agent.started(driver);
    driver.start();
  }

  private TerminalDriver onScreen(
      TerminalForm form, AgentTurns agent, Run starting, Starter.Started started) {
    final TerminalDriver driver =
        new TerminalDriver(
            form,
            host,
            started.session(),
            new SessionIdSearch(
                started.sessionFiles(), shared.lookers(), id -> resumable(agent, starting, id)),
            agent::hear,
            reason -> giveUp(starting, started, reason));
    final ScreenFollower.Observer watch =
        drawn -> {
          final Look look = Looks.of(drawn);
          process.agentSpeaks(() -> {
            // What was drawn last is looked at when its end is told already, or the next one runs.
            if (process.isRun(starting)) {
              driver.look(look);
            }
          });
        };
    screen.hold(watch);
    final var _ = starting.ended().whenComplete((_, _) -> screen.release(watch));
    return driver;
  }

  /** The tool's own session was found; by now the session's process may be another one. */
  private void resumable(AgentTurns agent, Run found, String token) {
    process.agentSpeaks(() -> {
      if (process.isRun(found)) {
        agent.hear(new AgentSaid.Resumable(token));
      }
    });
  }

  private void giveUp(Run starting, Starter.Started started, String reason) {
    starting.stopping(reason);
    started.terminal().stop(shared.settings().stopGrace());
  }
}
