package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Whether the server is shutting down, and who wants to know. Thread-safe. */
public final class Draining {
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final Set<Runnable> bells = ConcurrentHashMap.newKeySet();
  private volatile boolean started;

  /** No new work from here on; streams end and tell their clients to come again. */
  public void start() {
    started = true;
    bells.forEach(Runnable::run);
  }

  void register(Runnable bell) {
    bells.add(bell);
  }

  void unregister(Runnable bell) {
    bells.remove(bell);
  }

  /**
   * Refuses once draining has started.
   *
   * @throws Refusal DRAINING
   */
  void refuse() {
    if (started) {
      throw Refusal.of(
              Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_DRAINING,
              "the server is shutting down; connect again")
          .retryAfter(RETRY);
    }
  }
}
