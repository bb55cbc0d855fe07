package dev.cleat.client;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How to connect. Not safe for use by several threads at once. */
public final class CleatClientBuilder {
  /** gRPC servers answer a more eager one by closing the connection. */
  private static final Duration KEEPALIVE_MIN = Duration.ofMinutes(5);

  private String target = "127.0.0.1:7070";
  private ChannelCredentials credentials = InsecureChannelCredentials.create();
  private @Nullable ManagedChannel channel;
  private final List<ClientInterceptor> interceptors = new ArrayList<>();
  private Duration keepalive = KEEPALIVE_MIN;
  private Duration deadline = Duration.ofSeconds(30);
  private RetrySettings retry = RetrySettings.DEFAULTS;

  CleatClientBuilder() {}

  /** The server, {@code HOST:PORT}; {@code 127.0.0.1:7070} by default. */
  public CleatClientBuilder target(String target) {
    this.target = target;
    return this;
  }

  /** With TLS, trusting what the platform trusts. */
  public CleatClientBuilder tls() {
    return credentials(TlsChannelCredentials.create());
  }

  /** With TLS, trusting these certificates (PEM) only. */
  public CleatClientBuilder tls(Path certificates) throws IOException {
    return credentials(
        TlsChannelCredentials.newBuilder().trustManager(certificates.toFile()).build());
  }

  /** With gRPC's credentials: mutual TLS, or others. */
  public CleatClientBuilder credentials(ChannelCredentials credentials) {
    this.credentials = credentials;
    return this;
  }

  /**
   * A channel of the caller's own, instead of target, credentials and keepalive. It is not shut
   * down with the client.
   */
  public CleatClientBuilder channel(ManagedChannel channel) {
    this.channel = channel;
    return this;
  }

  /**
   * Stands around every call, outermost first: for metadata, tracing, logging. Its callbacks must
   * not block.
   */
  public CleatClientBuilder intercept(ClientInterceptor interceptor) {
    interceptors.add(interceptor);
    return this;
  }

  /**
   * How often an idle connection is probed; 5 minutes by default, and less only against a server
   * that permits it.
   */
  public CleatClientBuilder keepalive(Duration interval) {
    this.keepalive = positive(interval);
    return this;
  }

  /**
   * How long a call may take, tries included; 30 s by default. Waits of the call itself come on
   * top.
   */
  public CleatClientBuilder deadline(Duration deadline) {
    this.deadline = positive(deadline);
    return this;
  }

  /**
   * How long a call, or the first connection of an attachment, is tried again while the server
   * cannot be reached; 10 s by default.
   */
  public CleatClientBuilder retryFor(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("a time is not negative: " + time);
    }
    retry = new RetrySettings(retry.firstDelay(), retry.maxDelay(), time, retry.outageLimit());
    return this;
  }

  /**
   * How long an attachment, a watch, or a wait for a turn goes on trying without any contact to the
   * server; 1 h by default.
   */
  public CleatClientBuilder outageLimit(Duration time) {
    retry =
        new RetrySettings(retry.firstDelay(), retry.maxDelay(), retry.retryFor(), positive(time));
    return this;
  }

  /**
   * The delays between tries: they double from the first to the largest, with jitter; 100 ms and 5
   * s by default.
   */
  public CleatClientBuilder backOff(Duration first, Duration largest) {
    retry =
        new RetrySettings(
            positive(first), positive(largest), retry.retryFor(), retry.outageLimit());
    return this;
  }

  /** The client. Does not connect yet. */
  public CleatClient build() {
    ManagedChannel managed = channel == null ? newChannel() : channel;
    List<ClientInterceptor> reversed = new ArrayList<>(interceptors);
    Collections.reverse(reversed);
    return new CleatClient(
        new Rpc(managed, ClientInterceptors.intercept(managed, reversed), retry, deadline),
        channel == null ? managed : null);
  }

  private ManagedChannel newChannel() {
    return Grpc.newChannelBuilder(target, credentials)
        .keepAliveTime(keepalive.toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        // The library retries by reason and knows what is safe; gRPC's own retries would hide
        // failures from it.
        .disableRetry()
        .maxInboundMessageSize(8 << 20)
        .build();
  }

  private static Duration positive(Duration time) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("a time is positive: " + time);
    }
    return time;
  }
}
