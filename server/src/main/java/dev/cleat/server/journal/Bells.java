package dev.cleat.server.journal;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who wants to know when there is more. The writer publishes first and rings then; a reader arms
 * its bell first and looks again then, so one of the two always sees the other. A bell that is not
 * armed costs the writer one volatile read. Thread-safe.
 */
final class Bells {
  private static final Logger LOG = LoggerFactory.getLogger(Bells.class);
  private static final Bell[] NONE = {};

  private volatile Bell[] bells = NONE;

  /** One reader's. */
  static final class Bell extends AtomicBoolean {
    private static final long serialVersionUID = 1L;

    private final transient Runnable action;

    Bell(Runnable action) {
      this.action = action;
    }

    void arm() {
      set(true);
    }

    void disarm() {
      set(false);
    }
  }

  synchronized void add(Bell bell) {
    Bell[] more = Arrays.copyOf(bells, bells.length + 1);
    more[bells.length] = bell;
    bells = more;
  }

  synchronized void remove(Bell bell) {
    bells = Arrays.stream(bells).filter(b -> b != bell).toArray(Bell[]::new);
  }

  int count() {
    return bells.length;
  }

  void ring() {
    Bell[] all = bells;
    // The last to come first: clients, who wait for it, before the session's own followers.
    for (int i = all.length - 1; i >= 0; i--) {
      Bell bell = all[i];
      if (bell.get() && bell.compareAndSet(true, false)) {
        try {
          bell.action.run();
        } catch (RuntimeException e) {
          // One reader's fault must not keep the others, or the writer, from going on.
          LOG.error("A reader's bell failed", e);
        }
      }
    }
  }
}
