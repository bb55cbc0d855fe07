package dev.cleat.server.telemetry;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Logs that something does not work, and that it works again: each once, however often it is tried
 * in between.
 *
 * <p>Confined to the thread that tries.
 */
public final class Outage {
  private final Logger log;
  private final String what;
  private @Nullable String told;
  private long attempts;

  /**
   * None yet.
   *
   * @param what is tried, as a line begins with it: "Saving the state of sessions"
   */
  public Outage(Logger log, String what) {
    this.log = log;
    this.what = what;
  }

  /** It did not work, for a reason of which its message says enough. */
  public void failed(Throwable why) {
    tell(String.valueOf(why.getMessage()), null);
  }

  /** It did not work, and nobody had thought of that: told with its stack. */
  public void broke(Throwable why) {
    tell(why.toString(), why);
  }

  /** The first time, and where it is for another reason than the last time. */
  private void tell(String why, @Nullable Throwable stack) {
    attempts++;
    if (!why.equals(told)) {
      told = why;
      log.atLevel(stack == null ? Level.WARN : Level.ERROR)
          .setCause(stack)
          .log("{} fails, which is said only once: {}", what, why);
    }
  }

  /** It worked. */
  public void over() {
    if (told != null) {
      log.info("{} works again, after {} failed attempts", what, attempts);
      told = null;
      attempts = 0;
    }
  }
}
