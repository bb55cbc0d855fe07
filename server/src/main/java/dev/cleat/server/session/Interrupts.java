package dev.cleat.server.session;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Brings a turn to its end: interrupts again and again, because a shell goes on with the rest of
 * what was pasted after one, and loses one that comes while it starts a program; then kills what
 * runs in the foreground; then gives up.
 *
 * <p>Confined to the session's lock.
 */
final class Interrupts {
  /** How long interrupts are tried before the foreground is killed, and how long that is given. */
  static final Duration ESCALATION = Duration.ofSeconds(3);

  private static final Duration AGAIN = Duration.ofMillis(300);

  private final TypedTurns.Host host;
  private final Instant killAt;
  private final Instant giveUpAt;
  private Instant nextAt;
  private boolean killed;

  Interrupts(TypedTurns.Host host) {
    this.host = host;
    final Instant now = host.now();
    this.killAt = now.plus(ESCALATION);
    this.giveUpAt = killAt.plus(ESCALATION);
    this.nextAt = now.plus(AGAIN);
    host.interrupt();
  }

  /**
   * Does what is due.
   *
   * @return false when nothing has helped
   */
  boolean tick(Instant now) {
    if (!now.isBefore(giveUpAt)) {
      return false;
    }
    if (!killed && !now.isBefore(killAt)) {
      killed = true;
      host.killForeground();
    }
    if (!now.isBefore(nextAt)) {
      nextAt = now.plus(AGAIN);
      host.interrupt();
    }
    return true;
  }

  /** When to come again, or null for nothing to interrupt. */
  static @Nullable Instant next(@Nullable Interrupts interrupts) {
    return interrupts == null ? null : interrupts.nextAt;
  }
}
