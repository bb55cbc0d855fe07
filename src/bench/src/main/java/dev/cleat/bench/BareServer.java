package dev.cleat.bench;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * What gRPC itself can do, as it comes, with nothing behind it: {@code echo} sends back each
 * message; {@code stream} sends messages of the sizes it is given, of the same bytes again and
 * again. Both on the event loop of the connection.
 */
public final class BareServer {
  static final MethodDescriptor<byte[], byte[]> ECHO =
      MethodDescriptor.newBuilder(Bytes.WHOLE, Bytes.WHOLE)
          .setType(MethodType.BIDI_STREAMING)
          .setFullMethodName("bench.Bare/echo")
          .build();

  private static final int READY_BYTES = 256 << 10;
  private static final int LARGEST_MESSAGE = 64 << 20;

  private BareServer() {}

  /** The call that streams; one of these for each call, since a client reads into one buffer. */
  static MethodDescriptor<byte[], Integer> stream() {
    return MethodDescriptor.newBuilder(Bytes.WHOLE, Bytes.length())
        .setType(MethodType.SERVER_STREAMING)
        .setFullMethodName("bench.Bare/stream")
        .build();
  }

  /** Serves until its process is ended; prints its address first. */
  public static void main(String[] arguments) throws Exception {
    final Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .maxInboundMessageSize(LARGEST_MESSAGE)
            .addService(
                ServerServiceDefinition.builder("bench.Bare")
                    .addMethod(ECHO, ServerCalls.asyncBidiStreamingCall(BareServer::echo))
                    .addMethod(stream(), ServerCalls.asyncServerStreamingCall(BareServer::stream))
                    .build())
            .build()
            .start();
    System.out.println("127.0.0.1:" + server.getPort());
    server.awaitTermination();
  }

  private static StreamObserver<byte[]> echo(StreamObserver<byte[]> back) {
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] message) {
        back.onNext(message);
      }

      @Override
      public void onError(Throwable cause) {
        // The client has gone, and nobody needs to be told.
      }

      @Override
      public void onCompleted() {
        back.onCompleted();
      }
    };
  }

  private static void stream(byte[] request, StreamObserver<Integer> observer) {
    final ServerCallStreamObserver<Integer> out = (ServerCallStreamObserver<Integer>) observer;
    final ByteBuffer sizes = ByteBuffer.wrap(request);
    out.setOnReadyThreshold(READY_BYTES);
    out.setOnReadyHandler(() -> {
      while (out.isReady() && sizes.hasRemaining()) {
        out.onNext(sizes.getInt());
        if (!sizes.hasRemaining()) {
          out.onCompleted();
        }
      }
    });
  }
}
