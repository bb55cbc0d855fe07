package dev.cleat.server.session;

import dev.cleat.server.terminal.Foreground;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.v1.Event;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.SessionState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the turns of a session get of it: its log, its gate and its terminal. Confined to the
 * session's lock.
 */
final class TurnHost implements TypedTurns.Host {
  private final InstantSource clock;
  private final SessionLog log;
  private final InputGate gate;
  private @Nullable Terminal terminal;

  TurnHost(InstantSource clock, SessionLog log, InputGate gate) {
    this.clock = clock;
    this.log = log;
    this.gate = gate;
  }

  /** The process has this terminal; null when there is no process. */
  void terminal(@Nullable Terminal current) {
    terminal = current;
  }

  /** The session as the journal has it; to be read only. */
  SessionOrBuilder session() {
    return log.fold().session();
  }

  @Override
  public Instant now() {
    return clock.instant();
  }

  @Override
  public long append(List<Event.Builder> events) {
    return log.append(events);
  }

  @Override
  public InputGate.Typed type(byte[] prompt, long seenInputs) {
    return gate.type(prompt, seenInputs);
  }

  @Override
  public long clientInputs() {
    return gate.clientInputs();
  }

  @Override
  public Duration sinceClientInput() {
    return gate.sinceClientInput();
  }

  @Override
  public void interrupt() {
    if (terminal != null) {
      terminal.interrupt();
    }
  }

  @Override
  public void killForeground() {
    if (terminal != null) {
      terminal.killForeground();
    }
  }

  @Override
  public Foreground foreground() {
    return terminal == null ? Foreground.UNKNOWN : terminal.foreground();
  }

  @Override
  public boolean isPaused() {
    return log.fold().state() == SessionState.SESSION_STATE_PAUSED;
  }

  @Override
  public boolean mayBePrompted() {
    return !isPaused() && log.fold().state() != SessionState.SESSION_STATE_STOPPING;
  }

  @Override
  public long outputBytes() {
    return log.fold().outputBytes();
  }

  @Override
  public long headSeq() {
    return log.head();
  }
}
