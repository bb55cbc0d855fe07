package dev.cleat.client;

import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.ToolServiceGrpc;
import io.grpc.Channel;

/**
 * The gRPC beneath a client, for what the library does not wrap: other stubs, metadata, deadlines,
 * executors. Safe for use by any thread.
 */
public final class GrpcAccess {
  private final Channel channel;

  GrpcAccess(Channel channel) {
    this.channel = channel;
  }

  /** The channel, with the client's interceptors. It belongs to the client. */
  public Channel channel() {
    return channel;
  }

  /** A blocking stub of the session service, without deadline or retries. */
  public SessionServiceGrpc.SessionServiceBlockingStub sessions() {
    return SessionServiceGrpc.newBlockingStub(channel);
  }

  /** An asynchronous stub of the session service, without deadline or retries. */
  public SessionServiceGrpc.SessionServiceStub sessionsAsync() {
    return SessionServiceGrpc.newStub(channel);
  }

  /** A blocking stub of the tool service, without deadline or retries. */
  public ToolServiceGrpc.ToolServiceBlockingStub tools() {
    return ToolServiceGrpc.newBlockingStub(channel);
  }
}
