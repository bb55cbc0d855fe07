package dev.cleat.server.wire;

import com.sun.management.UnixOperatingSystemMXBean;
import io.grpc.netty.shaded.io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;

/**
 * How much the transport may take of what the process has.
 *
 * @param connections at a time
 * @param streams at a time, of all connections
 * @param streamsPerConnection at a time
 * @param heldBytes of requests that have come in part, and of answers that nobody takes
 * @param sendBytes that wait to be sent on streams
 */
public record Bounds(
    int connections, int streams, int streamsPerConnection, long heldBytes, long sendBytes) {
  private static final int MOST_CONNECTIONS = 10_000;
  private static final int MOST_STREAMS = 100_000;
  private static final int LEAST_RESETS = 1_000;

  /** With the headers that both sides remember, and a frame that has come in part. */
  private static final int HEAP_PER_CONNECTION = 32 << 10;

  /** An idle Attach takes 10 KiB, a call whose request does not come 3 KiB. */
  private static final int HEAP_PER_STREAM = 16 << 10;

  /** Whoever leaves resets all of its streams at once, and may do so again soon. */
  public int resets() {
    return Math.max(LEAST_RESETS, 2 * streamsPerConnection);
  }

  /** The other half of what may be open is for sessions and their journals. */
  private static int usualConnections() {
    final long most = Math.min(descriptors() / 2, MOST_CONNECTIONS);
    return Math.clamp(Runtime.getRuntime().maxMemory() / HEAP_PER_CONNECTION, 1, (int) most);
  }

  private static int usualStreams() {
    return Math.clamp(Runtime.getRuntime().maxMemory() / HEAP_PER_STREAM, 1, MOST_STREAMS);
  }

  /** How many files the process may have open. */
  public static long descriptors() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : Long.MAX_VALUE;
  }

  /**
   * The bounds of this process.
   *
   * @param connections 0 for what fits
   * @param streams 0 for what fits
   */
  public static Bounds of(int connections, int streams, int streamsPerConnection) {
    final long direct = PlatformDependent.maxDirectMemory();
    return new Bounds(
        connections == 0 ? usualConnections() : connections,
        streams == 0 ? usualStreams() : streams,
        streamsPerConnection,
        direct / 4,
        direct / 4);
  }
}
