package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

@Order(9)
class ReadinessTest {
  @Test
  void leavingIsSaidAtOnceAndTriesNothing() {
    final AtomicBoolean leaving = new AtomicBoolean();
    final AtomicInteger tries = new AtomicInteger();
    final Readiness readiness =
        new Readiness(leaving::get, tries::incrementAndGet, tries::incrementAndGet);
    awaitProblems(readiness);
    final int before = tries.get();
    assertThat(before).isGreaterThanOrEqualTo(2);
    leaving.set(true);
    assertThat(readiness.problems()).containsExactly("the server is shutting down");
    assertThat(tries).hasValue(before);
  }

  @Test
  void whatCannotBeWrittenIsSaidWithoutTheServersPathsUntilItCan() {
    final AtomicBoolean full = new AtomicBoolean(true);
    final Readiness readiness =
        new Readiness(
            () -> false,
            () -> {
              if (full.get()) {
                throw new IOException("/var/lib/cleat: no room");
              }
            },
            () -> {});
    awaitProblems(readiness, "the journals cannot be written");
    full.set(false);
    awaitProblems(readiness);
  }

  @Test
  void aDiskThatDoesNotAnswerIsAskedOnce() {
    final CountDownLatch answer = new CountDownLatch(1);
    final AtomicInteger tries = new AtomicInteger();
    final Readiness readiness =
        new Readiness(
            () -> false,
            () -> {},
            () -> {
              tries.incrementAndGet();
              answer.await();
            });
    awaitProblems(readiness, "the state cannot be written");
    Awaitility.await()
        .during(Duration.ofMillis(1500))
        .atMost(Duration.ofSeconds(30))
        .until(() -> !readiness.problems().isEmpty());
    assertThat(tries).hasValue(1);
    answer.countDown();
    awaitProblems(readiness);
  }

  /** On a machine that stands still for a while, nothing that is tried has its answer in time. */
  private static void awaitProblems(Readiness readiness, String... problems) {
    Awaitility.await().until(() -> readiness.problems().equals(List.of(problems)));
  }
}
