package dev.cleat.server.boot;

import dev.cleat.server.auth.AuthSettings;
import dev.cleat.server.auth.TlsSettings;
import dev.cleat.server.journal.SyncPolicy;
import java.net.URI;
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
 * @param policy the policy's file, absolute, or null
 * @param tls null without TLS
 * @param channelz false also when {@code listen} is not a loopback address
 */
public record Config(
    ListenAddress listen,
    Path data,
    @Nullable Path catalogue,
    @Nullable Path policy,
    Isolation isolation,
    @Nullable TlsSettings tls,
    AuthSettings auth,
    Open open,
    Journal journal,
    Retention retention,
    Session session,
    Turns turns,
    Artifacts artifacts,
    Limits limits,
    Shutdown shutdown,
    boolean channelz,
    Level logLevel,
    Telemetry telemetry) {

  /** What is answered without a credential: keys under {@code auth}. */
  public record Open(boolean health, boolean reflection) {}

  /** Keys under {@code isolation}. */
  public record Isolation(boolean allowSameUser) {}

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

  /** Keys under {@code shutdown}. */
  public record Shutdown(Duration turns, Duration retryAfter, Duration grace) {}

  /**
   * Keys under {@code admin}, {@code otel}, {@code audit} and {@code log}.
   *
   * @param admin null for none
   * @param collector null for none
   */
  public record Telemetry(
      @Nullable ListenAddress admin,
      LogFormat logFormat,
      @Nullable URI collector,
      AuditTarget audit,
      boolean auditRequired) {}

  /**
   * Keys under {@code limits}.
   *
   * @param connections 0 for what fits
   * @param streams 0 for what fits
   */
  public record Limits(
      int messageBytes,
      int inputBytes,
      int sessions,
      int clientsPerSession,
      int queue,
      int connections,
      int streams,
      int streamsPerConnection) {}
}
