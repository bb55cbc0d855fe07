package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.TerminalSize;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * A client's attachment to a session: what the session does comes to a listener, what is sent here
 * is typed into it. It survives every cut of the connection and restart of the server: each event
 * is delivered once and in order, and each byte of input applied once. A server that was restarted
 * does not know what had been applied when it ended: input that was sent and not acknowledged by
 * then is never typed again, but {@linkplain InputUncertainException said to be uncertain}.
 *
 * <p>Safe for use by any thread. Sends of several threads are applied whole, one after the other.
 */
public final class Attachment implements AutoCloseable {
  private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

  private final AttachFeed feed;
  private final Runnable stop;

  Attachment(AttachFeed feed, Runnable stop) {
    this.feed = feed;
    this.stop = stop;
  }

  /**
   * Types bytes. Returns once they are queued, and waits for that while unacknowledged input fills
   * the buffer. Whether they were applied, {@link #flush} and {@link #sendTracked} tell.
   *
   * @throws IllegalStateException when the attachment only watches
   * @throws CleatException when the attachment has ended, or the thread is interrupted while it
   *     waits
   */
  public void send(byte[] data) {
    send(data, FOR_EVER);
  }

  /** Types text, in UTF-8, as {@link #send(byte[])} does. */
  public void send(String text) {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Types bytes, and waits at most so long for room in the buffer.
   *
   * @throws CleatException in addition with {@link CleatException.Code#RESOURCE_EXHAUSTED} when
   *     there was none; nothing has been sent then, unless there is more data than the buffer holds
   */
  public void send(byte[] data, Duration wait) {
    input().send(ByteString.copyFrom(data), wait, new CompletableFuture<>());
  }

  /**
   * Types bytes as {@link #send(byte[])} does, and tells what became of them.
   *
   * @return completed when every byte was handed to the terminal; fails with an {@link
   *     InputUncertainException} when that cannot be known, with reason {@link
   *     CleatException#INPUT_DISCARDED} when the session had no process for any of it, and with the
   *     attachment's own failure when it ends first. A callback of this attachment's may wait for
   *     it.
   */
  public CompletableFuture<Void> sendTracked(byte[] data) {
    CompletableFuture<Void> applied = new CompletableFuture<>();
    input().send(ByteString.copyFrom(data), FOR_EVER, applied);
    return applied;
  }

  /**
   * Waits until everything that was sent has been applied. What was not is thrown once, though
   * {@link #sendTracked} and {@link AttachListener#onInputUncertain} have told of it too: the first
   * failure since the last flush that threw one. What was sent behind it may still be on its way.
   *
   * @return false when that has not happened in this time
   * @throws InputUncertainException when it cannot be known
   * @throws CleatException with reason {@link CleatException#INPUT_DISCARDED} when the session had
   *     no process to take it; with the attachment's own failure, or reason {@link
   *     CleatException#CLOSED}, when it ended first
   */
  public boolean flush(Duration wait) {
    return input().flush(wait);
  }

  /**
   * Says that this client's window has another size, 1 to 4,096 each. Only the newest counts; it is
   * said again after a reconnect.
   *
   * @throws IllegalStateException when the attachment only watches
   */
  public void resize(int rows, int columns) {
    input().resize(TerminalSize.newBuilder().setRows(rows).setColumns(columns).build());
  }

  /**
   * The place behind what has been delivered: to attach there again, from anywhere. Before anything
   * was, the place to start from, or the beginning where that is not known yet.
   */
  public Position position() {
    return feed.delivered();
  }

  /**
   * Completed at the end, after the last callback; fails with the {@link CleatException} that
   * {@link AttachListener#onError} got.
   */
  public CompletableFuture<AttachEnd> done() {
    return feed.done().copy();
  }

  /**
   * Ends the attachment; the session goes on. Input that was not acknowledged may not be applied:
   * {@link #flush} first. Does not wait: a callback may be under way, and {@link
   * AttachListener#onEnded} follows.
   */
  @Override
  public void close() {
    feed.close();
    stop.run();
  }

  private InputWriter input() {
    InputWriter input = feed.input();
    if (input == null) {
      throw new IllegalStateException("a read-only attachment neither types nor resizes");
    }
    return input;
  }
}
