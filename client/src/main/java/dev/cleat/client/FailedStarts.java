package dev.cleat.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A call that the channel fails to start ends as unavailable, like any other that does not reach
 * the server. {@link Rpc#reconnect} makes a channel idle that other calls use: gRPC 1.85 reads
 * twice what it starts a call with, and throws an {@link IllegalStateException} ("Resolution is
 * pending") where that has gone in between.
 */
final class FailedStarts implements ClientInterceptor {

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    return new Starting<>(next.newCall(method, options), options.getExecutor());
  }

  /** True when this is how a call failed: it has certainly not begun. */
  static boolean isCauseOf(CleatException failure) {
    return failure.getCause() instanceof StatusRuntimeException status
        && status.getCause() instanceof NotStartedException;
  }

  private static final class NotStartedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotStartedException(IllegalStateException cause) {
      super(cause);
    }
  }

  private static final class Starting<Q, R> extends ForwardingClientCall<Q, R> {
    private final Executor executor;
    private ClientCall<Q, R> call;

    Starting(ClientCall<Q, R> call, @Nullable Executor executor) {
      this.call = call;
      this.executor = executor == null ? Runnable::run : executor;
    }

    @Override
    protected ClientCall<Q, R> delegate() {
      return call;
    }

    @Override
    public void start(Listener<R> listener, Metadata headers) {
      try {
        call.start(listener, headers);
      } catch (IllegalStateException e) {
        call = new Over<>();
        Status status =
            Status.UNAVAILABLE
                .withDescription("the channel is connecting anew")
                .withCause(new NotStartedException(e));
        executor.execute(() -> listener.onClose(status, new Metadata()));
      }
    }
  }

  /** A call that is over: what is done with it has no effect. */
  private static final class Over<Q, R> extends ClientCall<Q, R> {
    @Override
    public void start(Listener<R> listener, Metadata headers) {
      throw new IllegalStateException("it was started");
    }

    @Override
    public void request(int messages) {}

    @Override
    public void cancel(@Nullable String why, @Nullable Throwable cause) {}

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(Q message) {}

    @Override
    public boolean isReady() {
      return false;
    }
  }
}
