package dev.cleat.server.rpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** How a call ended on which nothing was ever said. */
record Ended(Status status, Metadata trailers) {
  static <Q, R> Ended of(Channel channel, MethodDescriptor<Q, R> method) throws Exception {
    final CompletableFuture<Ended> end = new CompletableFuture<>();
    final ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(new Ended(status, trailers));
          }
        },
        new Metadata());
    call.request(1);
    if (method.getType().clientSendsOneMessage()) {
      call.halfClose(); // With a message in mind, gRPC would keep the headers back until now.
    }
    return end.get(30, TimeUnit.SECONDS);
  }
}
