package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How far the server's shutting down has come, and who wants to know. First it is quiet: no new
 * work is taken, and turns that run go on with everybody watching. Then streams end, too.
 * Thread-safe.
 */
public final class Draining {
  private final Duration retryAfter;
  private final Set<Runnable> bells = ConcurrentHashMap.newKeySet();
  private final AtomicInteger beginning = new AtomicInteger();
  private volatile boolean quiet;
  private volatile boolean started;

  /**
   * A server that takes work.
   *
   * @param retryAfter how long clients are told to wait before they come again
   */
  public Draining(Duration retryAfter) {
    this.retryAfter = retryAfter;
  }

  /** No new work from here on. */
  public void quiesce() {
    quiet = true;
  }

  /** Streams end from here on, and tell their clients to come again. */
  public void start() {
    quiet = true;
    started = true;
    bells.forEach(Runnable::run);
  }

  /** Whether it has started. */
  public boolean isStarted() {
    return started;
  }

  void register(Runnable bell) {
    bells.add(bell);
  }

  void unregister(Runnable bell) {
    bells.remove(bell);
  }

  /**
   * Begins a turn, or what may begin with one, unless no new work is taken.
   *
   * @throws Refusal DRAINING
   */
  <T> T begin(Callable<T> work) throws Exception {
    // Before it is looked: whoever waits for the turns after that sees one of the two.
    beginning.incrementAndGet();
    try {
      refuseWork();
      return work.call();
    } finally {
      beginning.decrementAndGet();
    }
  }

  /** Whether a turn is about to begin that was let in before no new work was taken. */
  public boolean isBeginning() {
    return beginning.get() > 0;
  }

  /**
   * Refuses to begin something once no new work is taken.
   *
   * @throws Refusal DRAINING
   */
  void refuseWork() {
    if (quiet) {
      throw refusal();
    }
  }

  /**
   * Refuses to go on once streams end.
   *
   * @throws Refusal DRAINING
   */
  void refuse() {
    if (started) {
      throw refusal();
    }
  }

  private Refusal refusal() {
    return Refusal.of(
            Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_DRAINING,
            "the server is shutting down; connect again")
        .retryAfter(retryAfter);
  }
}
