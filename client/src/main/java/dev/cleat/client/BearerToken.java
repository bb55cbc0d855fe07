package dev.cleat.client;

import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends a token with every call, once the connection is known: not where others could read along.
 * Safe for use by any thread.
 */
final class BearerToken extends CallCredentials implements ClientInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** For suppliers, which may wait; those of the connections must not. */
  private static final Executor ASKING =
      Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "cleat-token");
        thread.setDaemon(true);
        return thread;
      });

  private final Supplier<String> tokens;
  private final Executor asking;
  private final boolean alsoInTheClear;

  private BearerToken(Supplier<String> tokens, Executor asking, boolean alsoInTheClear) {
    this.tokens = tokens;
    this.asking = asking;
    this.alsoInTheClear = alsoInTheClear;
  }

  static BearerToken fixed(String token, boolean alsoInTheClear) {
    return new BearerToken(() -> token, Runnable::run, alsoInTheClear);
  }

  static BearerToken supplied(Supplier<String> tokens, boolean alsoInTheClear) {
    return new BearerToken(tokens, ASKING, alsoInTheClear);
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    // A caller who brings credentials of his own for a call means these.
    return next.newCall(
        method, options.getCredentials() == null ? options.withCallCredentials(this) : options);
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
    if (!alsoInTheClear && canBeRead(call)) {
      applier.fail(
          Status.UNAUTHENTICATED.withDescription(
              "the token is not sent without TLS to another machine; use TLS"));
      return;
    }
    asking.execute(() -> apply(applier));
  }

  private static boolean canBeRead(RequestInfo call) {
    @Nullable SocketAddress server = call.getTransportAttrs().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    return call.getSecurityLevel() != SecurityLevel.PRIVACY_AND_INTEGRITY
        && server instanceof InetSocketAddress address
        && (address.getAddress() == null || !address.getAddress().isLoopbackAddress());
  }

  private void apply(MetadataApplier applier) {
    @Nullable String token;
    try {
      token = tokens.get();
    } catch (RuntimeException e) {
      // It may work the next time.
      applier.fail(
          Status.UNAVAILABLE.withDescription("the supplier of tokens failed").withCause(e));
      return;
    }
    String text = token == null ? "" : token.strip();
    if (text.isEmpty() || !text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      applier.fail(
          Status.UNAUTHENTICATED.withDescription(
              "the token is empty, or has characters that no token has"));
      return;
    }
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + text);
    applier.apply(headers);
  }
}
