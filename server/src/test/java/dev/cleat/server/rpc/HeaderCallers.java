package dev.cleat.server.rpc;

import dev.cleat.server.auth.Caller;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.v1.Role;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.stub.MetadataUtils;

/** Believes what a call says of who makes it; a call that says nothing is anonymous. */
final class HeaderCallers implements ServerInterceptor {
  private static final Metadata.Key<String> CALLER =
      Metadata.Key.of("test-caller", Metadata.ASCII_STRING_MARSHALLER);

  /** What a client adds to say who it is. */
  static ClientInterceptor as(Caller caller) {
    final Metadata headers = new Metadata();
    headers.put(
        CALLER,
        String.join(
            "/",
            caller.tenant(),
            caller.subject(),
            caller.role().name(),
            caller.ticketSession() == null ? "" : caller.ticketSession()));
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    final String said = headers.get(CALLER);
    return said == null
        ? next.startCall(call, headers)
        : Contexts.interceptCall(
            Context.current().withValue(CallerContext.KEY, caller(said)), call, headers, next);
  }

  private static Caller caller(String said) {
    final String[] words = said.split("/", -1);
    return new Caller(
        words[0], words[1], Role.valueOf(words[2]), words[3].isEmpty() ? null : words[3]);
  }
}
