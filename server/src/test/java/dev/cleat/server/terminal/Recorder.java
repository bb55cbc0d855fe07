package dev.cleat.server.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A listener that keeps what it hears, and holds the terminal to its promises on the way. */
final class Recorder implements TerminalListener {
  private static final long PATIENCE_SECONDS = 60;
  private static final int KEPT_BYTES = 16 * 1024 * 1024;

  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private final AtomicReference<@Nullable String> broken = new AtomicReference<>();
  private final AtomicBoolean busy = new AtomicBoolean();
  // Guarded by this.
  private final Map<Stream, ByteArrayOutputStream> kept = new EnumMap<>(Stream.class);
  private final CRC32C crc = new CRC32C();
  private long count;

  Recorder() {
    for (final Stream stream : Stream.values()) {
      kept.put(stream, new ByteArrayOutputStream());
    }
  }

  @Override
  public void output(Stream stream, ByteBuffer data) {
    promise(busy.compareAndSet(false, true), "two calls at a time");
    promise(!exit.isDone(), "output after the exit");
    promise(data.hasRemaining() && data.remaining() <= 64 * 1024, "a batch of wrong size");
    synchronized (this) {
      count += data.remaining();
      crc.update(data.duplicate());
      if (count <= KEPT_BYTES) {
        final byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        kept(stream).writeBytes(bytes);
      }
      notifyAll();
    }
    busy.set(false);
  }

  @Override
  public void exited(Exit how) {
    promise(!busy.get(), "exit during output");
    promise(exit.complete(how), "two exits");
    synchronized (this) {
      notifyAll();
    }
  }

  private void promise(boolean kept, String otherwise) {
    if (!kept) {
      broken.compareAndSet(null, otherwise);
    }
  }

  /** The exit, after the last byte. Waits for it as long as there is something to hear. */
  Exit awaitExit() {
    long heard = -1;
    while (true) {
      try {
        final Exit how = exit.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(broken.get()).as("broken promise").isNull();
        return how;
      } catch (TimeoutException e) {
        if (count() == heard) {
          throw new AssertionError("no exit; output so far: " + text(), e);
        }
        heard = count();
      } catch (InterruptedException | ExecutionException e) {
        throw new AssertionError("no exit; output so far: " + text(), e);
      }
    }
  }

  boolean hasExited() {
    return exit.isDone();
  }

  /** Waits until the text heard so far, of all streams, satisfies a condition. */
  synchronized String awaitText(Predicate<String> condition) {
    final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.test(text())) {
      final long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (millis <= 0 || exit.isDone()) {
        throw new AssertionError("not heard; output: " + text() + ", exit: " + exit);
      }
      try {
        wait(millis);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    return text();
  }

  String awaitText(String part) {
    return awaitText(text -> text.contains(part));
  }

  /** The first line that starts so, without that start. */
  String awaitLine(String start) {
    final String text = awaitText(t -> t.matches("(?s)(.*\n)?" + start + "[^\n]*\n.*"));
    return text.lines()
        .filter(l -> l.startsWith(start))
        .findFirst()
        .orElseThrow()
        .substring(start.length())
        .strip();
  }

  synchronized String text() {
    final StringBuilder text = new StringBuilder();
    kept.values().forEach(bytes -> text.append(bytes.toString(StandardCharsets.UTF_8)));
    return text.toString();
  }

  String text(Stream stream) {
    return new String(bytes(stream), StandardCharsets.UTF_8);
  }

  synchronized byte[] bytes(Stream stream) {
    return kept(stream).toByteArray();
  }

  synchronized long count() {
    return count;
  }

  /** The checksum of all output. */
  synchronized long crc() {
    return crc.getValue();
  }

  private ByteArrayOutputStream kept(Stream stream) {
    return Objects.requireNonNull(kept.get(stream));
  }
}
