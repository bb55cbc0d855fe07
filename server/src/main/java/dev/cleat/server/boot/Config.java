package dev.cleat.server.boot;

import dev.cleat.server.journal.SyncPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * The server's settings, checked. {@link ConfigKeys} says what each means; sizes are in bytes, and
 * a zero where the key allows it means none.
 *
 * @param data the data folder, absolute
 * @param catalogue the user's catalogue, absolute, or null
 * @param channelz false also when {@code listen} is not a loopback address
 */
public record Config(
    ListenAddress listen,
    Path data,
    @Nullable Path catalogue,
    Journal journal,
    Retention retention,
    Session session,
    Turns turns,
    Artifacts artifacts,
    Limits limits,
    Duration shutdownGrace,
    boolean channelz,
    Level logLevel) {

  /** Keys under {@code journal}. */
  public record Journal(
      SyncPolicy sync, Duration syncInterval, int segmentBytes, int memoryBytes) {}

  /** Keys under {@code retention}. */
  public record Retention(long bytes, Duration age, Duration ended) {}

  /** Keys under {@code session}. */
  public record Session(Duration idleTimeout, Duration stopGrace) {}

  /** Keys under {@code turns}. */
  public record Turns(int keep) {}

  /** Keys under {@code artifacts}; the roots are absolute. */
  public record Artifacts(List<Path> roots) {}

  /** Keys under {@code limits}. */
  public record Limits(
      int messageBytes, int inputBytes, int sessions, int clientsPerSession, int queue) {}
}
