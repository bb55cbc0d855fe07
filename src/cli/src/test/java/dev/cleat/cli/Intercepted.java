package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Calls that a test looks at, or holds up, before the server sees them. */
final class Intercepted {
  private Intercepted() {}

  /** Waits until a test says so. */
  static void pass(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Runs something before each message of the calls of a method. */
  static ServerInterceptor before(String method, Consumer<Object> todo) {
    return new ServerInterceptor() {
      @Override
      public <Q, R> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        ServerCall.Listener<Q> listener = next.startCall(call, headers);
        if (!method.equals(call.getMethodDescriptor().getBareMethodName())) {
          return listener;
        }
        return new SimpleForwardingServerCallListener<>(listener) {
          @Override
          public void onMessage(Q message) {
            todo.accept(message);
            super.onMessage(message);
          }
        };
      }
    };
  }
}
