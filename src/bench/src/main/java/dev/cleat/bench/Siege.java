package dev.cleat.bench;

import com.google.protobuf.MessageLite;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Clients that mean no good: connections that never speak, or begin and say nothing more; streams
 * whose request never comes; readers that do not read; writers that take for ever; streams that are
 * reset at once, again and again. It lasts until it is closed.
 */
public final class Siege implements Closeable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String CHECK = "/grpc.health.v1.Health/Check";
  private static final String ATTACH = "/cleat.v1.SessionService/Attach";
  private static final String WATCH = "/cleat.v1.SessionService/Watch";
  private static final List<String> KINDS = List.of(CHECK, ATTACH, WATCH);
  private static final int LARGE_MESSAGE = 60 << 20;
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int RESETS_PER_TICK = 50;
  private static final int CRUMB = 1 << 10;
  private static final int LITTLE_BUFFER = 4 << 10;

  private final int port;
  private final List<RawConnection> connections = new ArrayList<>();
  private final List<RawConnection> writers = new ArrayList<>();
  private final List<RawConnection> readers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicLong resets = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private volatile boolean over;

  /**
   * How much of each.
   *
   * @param connections that say nothing; every fourth never speaks HTTP/2
   * @param streams that are opened and left, spread over a quarter of these connections
   * @param mixed whether these are calls whose request never comes, Attaches that open nothing, and
   *     Watches that nobody reads, in turns; else all are the first
   * @param readers that do not read what they asked for
   * @param writers of messages that never are whole
   */
  public record Size(int connections, int streams, boolean mixed, int readers, int writers) {
    private static final Size WHOLE = new Size(2_000, 10_000, false, 20, 20);

    /** What is promised to be borne. */
    public static Size whole() {
      return WHOLE;
    }

    /** This, with streams of all kinds. */
    public Size ofAllKinds() {
      return new Size(connections, streams, true, readers, writers);
    }

    private String kind(int stream) {
      return mixed ? KINDS.get(stream % KINDS.size()) : CHECK;
    }
  }

  private Siege(int port) {
    this.port = port;
  }

  /**
   * Begins one, with everything in place when it returns.
   *
   * @param opening the first message of an Attach that brings much
   */
  public static Siege lay(int port, Size size, MessageLite opening) throws IOException {
    final Siege siege = new Siege(port);
    try {
      siege.abandon(size);
      siege.read(size.readers, opening.toByteArray());
      siege.write(size.writers);
    } catch (IOException | RuntimeException e) {
      siege.close();
      throw e;
    }
    siege.threads.add(Thread.ofPlatform().daemon().name("siege-crumbs").start(siege::crumble));
    siege.threads.add(Thread.ofPlatform().daemon().name("siege-resets").start(siege::reset));
    return siege;
  }

  private void abandon(Size size) throws IOException {
    final int busy = size.connections / 4;
    final int streams = size.streams / busy;
    for (int i = 0; i < size.connections; i++) {
      final RawConnection connection = RawConnection.connect(port, PATIENCE);
      connections.add(connection);
      if (i % 4 != 0) {
        connection.begin();
      }
      for (int stream = 0; i % 4 == 1 && stream < streams; stream++) {
        leave(connection, stream, size.kind(stream));
      }
      connection.flush();
    }
    for (int i = 1; size.mixed && i < size.connections; i += 4) {
      awaitLast(connections.get(i), streams, size);
    }
  }

  /** Waits until the last of its Watches has been answered, and with that all have been. */
  private static void awaitLast(RawConnection connection, int streams, Size size)
      throws IOException {
    final int last =
        IntStream.range(0, streams)
            .filter(stream -> size.kind(stream).equals(WATCH))
            .map(Siege::number)
            .max()
            .orElse(0);
    int answered = 0;
    while (answered != last) {
      answered = connection.read(RawConnection.DATA).stream();
    }
  }

  private static int number(int stream) {
    return 2 * stream + 1;
  }

  private static void leave(RawConnection connection, int stream, String kind) throws IOException {
    final int number = number(stream);
    connection.call(number, kind);
    if (kind.equals(WATCH)) {
      final byte[] request = RawConnection.message(0, new byte[0]);
      connection.frame(RawConnection.DATA, RawConnection.END_STREAM, number, request);
    }
  }

  private void read(int count, byte[] opening) throws IOException {
    for (int i = 0; i < count; i++) {
      final RawConnection reader = RawConnection.connect(port, PATIENCE, LITTLE_BUFFER);
      readers.add(reader);
      // Half of them let nothing come, the others do not take it from the network.
      reader.begin(RawConnection.INITIAL_WINDOW_SIZE, i % 2 == 0 ? 0 : Integer.MAX_VALUE);
      reader.frame(RawConnection.WINDOW_UPDATE, 0, 0, 1 << 30);
      reader.call(1, ATTACH);
      reader.frame(RawConnection.DATA, 0, 1, RawConnection.message(opening.length, opening));
      reader.flush();
    }
  }

  private void write(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      final RawConnection writer = RawConnection.connect(port, PATIENCE);
      writers.add(writer);
      writer.begin().call(1, CHECK);
      writer.frame(RawConnection.DATA, 0, 1, RawConnection.message(LARGE_MESSAGE, new byte[0]));
      writer.flush();
    }
  }

  private void crumble() {
    final byte[] crumb = new byte[CRUMB];
    while (!over) {
      for (int i = 0; i < writers.size(); i++) {
        try {
          writers.get(i).frame(RawConnection.DATA, 0, 1, crumb).flush();
        } catch (IOException e) {
          // It has been ended; the others go on.
        }
      }
      for (int i = 0; i < readers.size(); i += 2) {
        try {
          readers.get(i).frame(RawConnection.WINDOW_UPDATE, 0, 1, 1).flush();
        } catch (IOException e) {
          // Likewise.
        }
      }
      LockSupport.parkNanos(TICK_NANOS);
    }
  }

  private void reset() {
    while (!over) {
      try (RawConnection connection = RawConnection.connect(port, PATIENCE)) {
        connection.begin();
        for (int stream = 1; !over; stream += 2) {
          connection.call(stream, CHECK);
          connection.frame(RawConnection.RST_STREAM, 0, stream, 8);
          resets.incrementAndGet();
          if (stream / 2 % RESETS_PER_TICK == 0) {
            connection.flush();
            LockSupport.parkNanos(TICK_NANOS);
          }
        }
      } catch (IOException e) {
        ended.incrementAndGet();
      }
    }
  }

  /** How many streams have been reset. */
  public long resets() {
    return resets.get();
  }

  /** How many connections the server has ended because of that. */
  public long ended() {
    return ended.get();
  }

  @Override
  public void close() throws IOException {
    over = true;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    connections.addAll(readers);
    connections.addAll(writers);
    for (RawConnection connection : connections) {
      connection.close();
    }
  }
}
