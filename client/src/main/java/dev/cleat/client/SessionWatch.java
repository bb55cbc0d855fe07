package dev.cleat.client;

import java.util.concurrent.CompletableFuture;

/** A watch over sessions: what happens to them comes to a listener. Safe for use by any thread. */
public final class SessionWatch implements AutoCloseable {
  private final WatchFeed feed;
  private final Runnable stop;

  SessionWatch(WatchFeed feed, Runnable stop) {
    this.feed = feed;
    this.stop = stop;
  }

  /**
   * Completed at the end, after the last callback; fails with the {@link CleatException} that
   * {@link WatchListener#onError} got.
   */
  public CompletableFuture<Void> done() {
    return feed.done().copy();
  }

  /**
   * Ends the watch. Does not wait: a callback may be under way, and {@link WatchListener#onClosed}
   * follows.
   */
  @Override
  public void close() {
    feed.close();
    stop.run();
  }
}
