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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How to connect. Not safe for use by several threads at once. */
public final class CleatClientBuilder {
  /** gRPC servers answer a more eager one by closing the connection. */
  private static final Duration KEEPALIVE_MIN = Duration.ofMinutes(5);

  private String target = "127.0.0.1:7070";
  private @Nullable ChannelCredentials credentials;
  private TlsChannelCredentials.@Nullable Builder tls;
  private @Nullable ClientKeys clientKeys;
  private @Nullable String token;
  private @Nullable Supplier<String> tokenSupplier;
  private boolean tokenInTheClear;
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
    tls = TlsChannelCredentials.newBuilder();
    return this;
  }

  /**
   * With TLS, trusting these certificates (PEM) only. The file is read now, and looked at again for
   * each new connection, as those of {@link #clientCertificate}.
   *
   * @throws IOException also if there is no certificate in it
   */
  public CleatClientBuilder tls(Path certificates) throws IOException {
    tls = TlsChannelCredentials.newBuilder().trustManager(new ServerTrust(certificates));
    return this;
  }

  /**
   * With a certificate that says who this client is, which means TLS. The files are read now, and
   * looked at again for each new connection: a certificate that is exchanged meanwhile needs
   * nothing else. Connections that there are stay. While the files cannot be read, or the key is
   * not that of the certificate, the last good ones go on being used, and a warning is logged
   * (java.util.logging).
   *
   * @param certificate PEM, with those between it and its authority
   * @param key PEM, PKCS#8 without a password, RSA or EC
   * @throws IOException also if they are not that, or do not belong together
   */
  public CleatClientBuilder clientCertificate(Path certificate, Path key) throws IOException {
    clientKeys = new ClientKeys(certificate, key);
    return this;
  }

  /** With gRPC's credentials, in place of TLS and a certificate from here. */
  public CleatClientBuilder credentials(ChannelCredentials credentials) {
    this.credentials = credentials;
    return this;
  }

  /**
   * With this token, which says who the client is: one of the server's file, a JWT, or a ticket. It
   * is sent with every call, and without TLS to nobody but this machine: {@link #tokenInTheClear}.
   */
  public CleatClientBuilder token(String token) {
    this.token = token;
    this.tokenSupplier = null;
    return this;
  }

  /**
   * With the token that this says, as {@link #token}. It is asked for every call, also when a
   * stream is resumed, on a thread of its own, and may wait: a token that is exchanged meanwhile
   * needs nothing else. When it throws, the call is tried again like one whose server is away.
   */
  public CleatClientBuilder tokenSupplier(Supplier<String> supplier) {
    this.tokenSupplier = supplier;
    this.token = null;
    return this;
  }

  /**
   * Sends the token also without TLS: whoever is on the way to the server can read it and use it.
   */
  public CleatClientBuilder tokenInTheClear() {
    this.tokenInTheClear = true;
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
    if (token != null) {
      reversed.add(BearerToken.fixed(token, tokenInTheClear));
    } else if (tokenSupplier != null) {
      reversed.add(BearerToken.supplied(tokenSupplier, tokenInTheClear));
    }
    // Next to the channel: whatever the others are, they see a call that has failed.
    reversed.add(new FailedStarts());
    Collections.reverse(reversed);
    return new CleatClient(
        new Rpc(managed, ClientInterceptors.intercept(managed, reversed), retry, deadline),
        channel == null ? managed : null);
  }

  private ManagedChannel newChannel() {
    return Grpc.newChannelBuilder(target, channelCredentials())
        .keepAliveTime(keepalive.toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTimeout(20, TimeUnit.SECONDS)
        // The library retries by reason and knows what is safe; gRPC's own retries would hide
        // failures from it.
        .disableRetry()
        .maxInboundMessageSize(8 << 20)
        .build();
  }

  private ChannelCredentials channelCredentials() {
    if (credentials != null) {
      return credentials;
    }
    if (tls == null && clientKeys == null) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder secure = tls == null ? TlsChannelCredentials.newBuilder() : tls;
    if (clientKeys != null) {
      secure.keyManager(clientKeys);
    }
    return secure.build();
  }

  private static Duration positive(Duration time) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("a time is positive: " + time);
    }
    return time;
  }
}
