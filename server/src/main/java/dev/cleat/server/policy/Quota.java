package dev.cleat.server.policy;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a tenant may have only so much of. */
public enum Quota {
  /** Sessions that have a process. */
  SESSIONS_ALIVE(Unit.NUMBER, 0),
  /** Sessions in all, those that have ended too. */
  SESSIONS_KEPT(Unit.NUMBER, 0),
  /** Clients attached at a time, over all sessions. */
  CLIENTS(Unit.NUMBER, 0),
  /** Turns that wait, over all sessions. */
  QUEUED_TURNS(Unit.NUMBER, 0),
  /** The journals of all sessions together, on the disk. */
  JOURNAL_BYTES(Unit.BYTES, 1 << 20),
  /** Sessions that are asked for. */
  CREATES_PER_MINUTE(Unit.NUMBER, 1),
  /** What is typed and prompted, over all sessions. */
  INPUT_BYTES_PER_SECOND(Unit.BYTES, 1),
  /** One message of a client. */
  MESSAGE_BYTES(Unit.BYTES, 1 << 10);

  enum Unit {
    NUMBER,
    BYTES
  }

  private final Unit unit;
  private final long least;

  Quota(Unit unit, long least) {
    this.unit = unit;
    this.least = least;
  }

  /** What it is called in a policy, over the API and in metrics. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<Quota> of(String word) {
    return Arrays.stream(values()).filter(quota -> quota.word().equals(word)).findFirst();
  }

  Unit unit() {
    return unit;
  }

  /** The smallest limit with which anything can still be done that needs it. */
  long least() {
    return least;
  }
}
