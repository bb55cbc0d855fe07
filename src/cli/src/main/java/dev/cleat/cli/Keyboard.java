package dev.cleat.cli;

import dev.cleat.cli.terminal.DetachKeys;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatException;
import dev.cleat.client.InputUncertainException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Carries what is typed to an attachment, and detaches on the detach keys. Reads on a thread of its
 * own, which the end of the process does not wait for; {@code this} guards the keys and keeps what
 * is sent in order.
 */
final class Keyboard {
  private static final int BUFFER_BYTES = 64 << 10;

  /** How long after the first of the detach keys the next must come. */
  private static final long HOLD_MILLIS = 1_000;

  /**
   * How long the rest of a key's sequence may take: they are sent in one, and Esc alone begins like
   * them.
   */
  private static final long SEQUENCE_MILLIS = 20;

  /** What was typed just before detaching still goes out, unless there is no connection. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final InputStream in;
  private final DetachKeys keys;
  private final Attachment attachment;
  private final boolean readOnly;
  private final Screen screen;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("cleat-keys").factory());
  private @Nullable Future<?> release;
  private boolean discardNoticed;

  Keyboard(
      InputStream in, DetachKeys keys, Attachment attachment, boolean readOnly, Screen screen) {
    this.in = in;
    this.keys = keys;
    this.attachment = attachment;
    this.readOnly = readOnly;
    this.screen = screen;
  }

  /**
   * Starts to read.
   *
   * @param terminal whether a terminal is read: its end is that of the window
   */
  void start(boolean terminal) {
    Thread.ofPlatform()
        .daemon()
        .name("cleat-keyboard")
        .start(() -> {
          try {
            read();
            if (terminal) {
              attachment.close();
            }
            // Otherwise the rest is watched: there is nothing more to type.
          } catch (IOException e) {
            screen.notice("cleat: standard input cannot be read: " + e.getMessage());
            attachment.close();
          } catch (CleatException e) {
            // The attachment has ended, and says itself why.
            if (!attachment.done().isDone()) {
              attachment.close();
            }
          }
        });
  }

  private void read() throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      if (!typed(buffer, n)) {
        return;
      }
    }
  }

  /** Returns whether to go on. */
  private synchronized boolean typed(byte[] bytes, int length) {
    if (release != null) {
      release.cancel(false);
    }
    send(keys.typed(bytes, length));
    if (keys.pressed()) {
      if (!readOnly) {
        sayLastWords();
      }
      attachment.close();
      return false;
    }
    if (keys.holding()) {
      long millis = keys.amidSequence() ? SEQUENCE_MILLIS : HOLD_MILLIS;
      release = clock.schedule(this::release, millis, TimeUnit.MILLISECONDS);
    }
    return true;
  }

  /** A flush first throws what was lost before, without waiting for what was typed since. */
  private void sayLastWords() {
    long end = System.nanoTime() + LAST_WORDS.toNanos();
    boolean lost = true;
    for (long left = LAST_WORDS.toNanos(); lost && left > 0; left = end - System.nanoTime()) {
      try {
        attachment.flush(Duration.ofNanos(left));
        lost = false;
      } catch (CleatException e) {
        lost =
            e instanceof InputUncertainException
                || e.reason().equals(CleatException.INPUT_DISCARDED);
      }
    }
  }

  private synchronized void release() {
    if (!attachment.done().isDone()) {
      send(keys.release());
    }
  }

  private void send(byte[] bytes) {
    if (readOnly || bytes.length == 0) {
      return;
    }
    var _ =
        attachment
            .sendTracked(bytes)
            .whenComplete((done, failure) -> {
              Throwable cause = failure instanceof CompletionException e ? e.getCause() : failure;
              if (cause instanceof CleatException e
                  && e.reason().equals(CleatException.INPUT_DISCARDED)) {
                discarded(e);
              }
            });
  }

  private synchronized void discarded(CleatException why) {
    if (!discardNoticed) {
      discardNoticed = true;
      screen.notice("cleat: what was typed is lost: " + why.getMessage());
    }
  }
}
