package dev.cleat.server.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the server can do its work: it is not shutting down, and what it must write can be
 * written. Thread-safe; however often it is asked, it tries once a second at most.
 */
final class Readiness {
  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
  private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PATIENCE_MILLIS = 2_000;

  private final BooleanSupplier leaving;
  private final List<Check> checks;
  // Guarded by this.
  private long triedAt;
  private @Nullable List<String> found;

  /** Something that must be possible. */
  interface Try {
    /** Throws if it is not. */
    void run() throws Exception;
  }

  /**
   * A readiness.
   *
   * @param leaving whether the server is shutting down
   */
  Readiness(BooleanSupplier leaving, Try journals, Try state) {
    this.leaving = leaving;
    this.checks =
        List.of(
            new Check("the journals cannot be written", journals),
            new Check("the state cannot be written", state));
  }

  /** What stands in the way; empty when it is ready. */
  List<String> problems() {
    return leaving.getAsBoolean() ? List.of("the server is shutting down") : tried();
  }

  private synchronized List<String> tried() {
    final List<String> before = found;
    if (before != null && System.nanoTime() - triedAt < KEPT_NANOS) {
      return before;
    }
    final List<String> problems = new ArrayList<>();
    for (Check check : checks) {
      check.problem().ifPresent(problems::add);
    }
    final List<String> now = List.copyOf(problems);
    triedAt = System.nanoTime();
    found = now;
    return now;
  }

  /** One thing to try, on a thread of its own: a disk may not answer at all. */
  private static final class Check {
    private final String problem;
    private final Try attempt;
    private @Nullable FutureTask<Boolean> running;
    private boolean failing;

    Check(String problem, Try attempt) {
      this.problem = problem;
      this.attempt = attempt;
    }

    Optional<String> problem() {
      FutureTask<Boolean> task = running;
      if (task == null) {
        task =
            new FutureTask<>(() -> {
              attempt.run();
              return true;
            });
        running = task;
        Thread.ofPlatform().daemon().name("cleat-ready").start(task);
      }
      try {
        final boolean _ = task.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        running = null;
        failing = false;
        return Optional.empty();
      } catch (TimeoutException e) {
        // It is not tried again before it has answered.
        return failed("no answer", e);
      } catch (ExecutionException e) {
        running = null;
        return failed(String.valueOf(e.getCause()), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return failed("interrupted", e);
      }
    }

    private Optional<String> failed(String why, Exception e) {
      if (!failing) {
        failing = true;
        LOG.warn("Not ready: {}: {}", problem, why, e);
      }
      return Optional.of(problem);
    }
  }
}
