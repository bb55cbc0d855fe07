package dev.cleat.cli;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * Notices whether a call was made on a connection: one whose time is up may have waited for the
 * answer, or for the connection. Safe for use by any thread.
 */
final class Contact implements ClientInterceptor {
  private volatile boolean made;

  boolean made() {
    return made;
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void start(Listener<R> responses, Metadata headers) {
        Listener<R> noticing =
            new SimpleForwardingClientCallListener<>(responses) {
              @Override
              public void onClose(Status status, Metadata trailers) {
                if (getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) != null) {
                  made = true;
                }
                super.onClose(status, trailers);
              }
            };
        super.start(noticing, headers);
      }
    };
  }
}
