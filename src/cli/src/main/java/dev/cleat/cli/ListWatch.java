package dev.cleat.cli;

import com.google.protobuf.Timestamp;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.Gap;
import dev.cleat.client.SessionChange;
import dev.cleat.client.SessionQuery;
import dev.cleat.client.SessionWatch;
import dev.cleat.client.WatchListener;
import dev.cleat.v1.SessionChangeKind;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;

/**
 * Prints what happens to sessions, one line each, until the process is ended. The callbacks come
 * one after the other; the first waits until the list has been printed.
 */
final class ListWatch implements WatchListener {
  private final Streams streams;
  private final boolean json;
  private final CountDownLatch watching = new CountDownLatch(1);
  private final CountDownLatch listed = new CountDownLatch(1);
  private boolean lost;

  ListWatch(Streams streams, boolean json) {
    this.streams = streams;
    this.json = json;
  }

  /**
   * Watches. What happens while the list is made is printed after it, so that nothing is missed.
   *
   * @param list prints the list
   */
  void run(CleatClient client, SessionQuery query, Runnable list) throws InterruptedException {
    try (SessionWatch watch = client.watch(query, null, this)) {
      var _ = watch.done().whenComplete((done, failure) -> watching.countDown());
      watching.await();
      if (!watch.done().isDone()) {
        list.run();
      }
      listed.countDown();
      watch.done().join();
    }
  }

  @Override
  public void onCaughtUp() {
    watching.countDown();
  }

  @Override
  public void onChange(SessionChange change) {
    try {
      listed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    streams.line(json ? json(change) : text(change));
  }

  @Override
  public void onGap(Gap gap) {
    streams.note("cleat: changes were missed; list the sessions again");
  }

  @Override
  public void onReconnecting(CleatException cause, int attempt, Duration delay) {
    if (!lost) {
      streams.note(Notices.reconnecting(cause));
    }
    lost = true;
  }

  @Override
  public void onReconnected() {
    if (lost) {
      streams.note("cleat: reconnected");
    }
    lost = false;
  }

  @Override
  public void onError(CleatException error) {
    // Comes out of done().
  }

  private static Timestamp time(SessionChange change) {
    Instant time = change.time();
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  private static String text(SessionChange change) {
    return "%s  %-7s  %s  %s  %s"
        .formatted(
            Show.time(time(change)),
            Show.word(change.kind()),
            change.session().id(),
            Show.orDash(change.session().name()),
            Show.state(change.session()));
  }

  private static String json(SessionChange change) {
    return Json.of(
        dev.cleat.v1.SessionChange.newBuilder()
            .setSeq(change.position().seq())
            .setEpoch(change.position().epoch())
            .setTime(time(change))
            .setKind(
                change.kind() == SessionChange.Kind.UNKNOWN
                    ? SessionChangeKind.SESSION_CHANGE_KIND_UNSPECIFIED
                    : SessionChangeKind.valueOf("SESSION_CHANGE_KIND_" + change.kind().name()))
            .setSession(change.session().raw()));
  }
}
