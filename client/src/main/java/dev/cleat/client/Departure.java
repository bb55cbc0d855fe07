package dev.cleat.client;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * Whether a call was handed to a connection. While it was not, it has certainly not begun, and may
 * be made again. For one try after the other; what gRPC says comes on its threads.
 */
final class Departure extends ClientStreamTracer.Factory {
  private volatile boolean traced;
  private volatile boolean departed;

  /** Another try begins, with these options. */
  CallOptions nextTry() {
    traced = false;
    departed = false;
    return CallOptions.DEFAULT.withStreamTracerFactory(this);
  }

  /** True also where the channel does not say. */
  boolean mayHaveDeparted() {
    return !traced || departed;
  }

  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    traced = true;
    return new ClientStreamTracer() {
      @Override
      public void streamCreated(Attributes transport, Metadata sent) {
        departed = true;
      }
    };
  }
}
