package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionLockTest {
  private final CountDownLatch starts = new CountDownLatch(1);
  private final CountDownLatch started = new CountDownLatch(1);
  private CompletableFuture<Void> start = CompletableFuture.completedFuture(null);

  @AfterEach
  void end() throws Exception {
    started.countDown();
    start.get(1, TimeUnit.MINUTES);
  }

  /** A lock that is held for a start. */
  private SessionLock starting(Duration quick) throws Exception {
    final SessionLock lock = new SessionLock("default/s", () -> {}, quick);
    start =
        CompletableFuture.runAsync(
            () ->
                lock.locked(() ->
                    lock.slowly(() -> {
                      starts.countDown();
                      try {
                        started.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    })),
            task -> Thread.ofPlatform().daemon().start(task));
    assertThat(starts.await(1, TimeUnit.MINUTES)).isTrue();
    return lock;
  }

  @Test
  void aStartIsWaitedFor() throws Exception {
    final SessionLock lock = starting(Duration.ofDays(1));
    final CompletableFuture<Optional<Boolean>> waiter =
        CompletableFuture.supplyAsync(
            () -> {
              started.countDown();
              return lock.unlessSlow(() -> true);
            },
            task -> Thread.ofPlatform().daemon().start(task));
    assertThat(waiter.get(1, TimeUnit.MINUTES)).contains(true);
  }

  @Test
  void aStartThatTakesLongerIsPassedBy() throws Exception {
    final SessionLock lock = starting(Duration.ZERO);
    assertThat(lock.unlessSlow(() -> true)).isEmpty();
    assertThat(lock.within(Duration.ZERO, () -> true)).isEmpty();

    end();
    assertThat(lock.unlessSlow(() -> true)).contains(true);
    assertThat(lock.within(Duration.ZERO, () -> true)).contains(true);
  }
}
