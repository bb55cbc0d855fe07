package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.auth.Authenticator;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.auth.Credential;
import dev.cleat.server.auth.Verdict;
import dev.cleat.server.auth.Verdict.Kind;
import dev.cleat.server.auth.Verdict.Why;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.telemetry.Call;
import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who makes a call, once, before any message of it is read, and tells whoever asks {@link
 * CallerContext}. A call of nobody's ends here. The call itself is handed on as it is: a wrapped
 * one could hide whether its client reads. Thread-safe.
 */
public final class Authentication implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> CHALLENGE =
      Metadata.Key.of("www-authenticate", Metadata.ASCII_STRING_MARSHALLER);

  /** What can be wrong with what, so that each is shown from 0. */
  private static final Map<Kind, Set<Why>> WRONG =
      Map.of(
          Kind.NONE, Set.of(Why.MISSING),
          Kind.TOKEN, Set.of(Why.MALFORMED, Why.UNKNOWN, Why.EXPIRED),
          Kind.JWT, Set.of(Why.INVALID, Why.EXPIRED),
          Kind.TICKET, Set.of(Why.INVALID, Why.EXPIRED),
          Kind.CERTIFICATE, Set.of(Why.INVALID, Why.EXPIRED));

  private final Counter failures =
      new Counter(
          "cleat_auth_failures",
          "Calls of nobody who may be here, by the credential they came with and what is wrong.",
          "credential",
          "reason");
  private final Authenticator authenticator;
  private final Set<String> open;
  private final Set<String> forAdministrators;

  /**
   * An interceptor of all calls.
   *
   * @param open names of services that are answered without a credential
   * @param forAdministrators names of services that are for the role of an administrator
   */
  public Authentication(
      Authenticator authenticator, Set<String> open, Set<String> forAdministrators) {
    this.authenticator = authenticator;
    this.open = Set.copyOf(open);
    this.forAdministrators = Set.copyOf(forAdministrators);
    WRONG.forEach((kind, reasons) ->
        reasons.forEach(why -> {
          final LongAdder _ = failures.of(label(kind), label(why));
        }));
  }

  /** What it measures. */
  public List<Meter> meters() {
    return List.of(failures);
  }

  private static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** What must be waited for, on a thread that may, before a call whose thread must not. */
  public void prepare(Metadata headers) {
    authenticator.fetchKey(authorization(headers));
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    final @Nullable String service = call.getMethodDescriptor().getServiceName();
    if (service != null && open.contains(service)) {
      return next.startCall(call, headers);
    }
    return switch (verdict(call, headers)) {
      case Verdict.Invalid invalid -> {
        failures.of(label(invalid.kind()), label(invalid.why())).increment();
        yield refuse(call, nobody());
      }
      case Verdict.Valid(Credential credential) -> admit(credential, call, headers, next);
    };
  }

  private <Q, R> ServerCall.Listener<Q> admit(
      Credential credential,
      ServerCall<Q, R> call,
      Metadata headers,
      ServerCallHandler<Q, R> next) {
    final @Nullable String service = call.getMethodDescriptor().getServiceName();
    final Role role = credential.caller().role();
    if (service != null && forAdministrators.contains(service) && role != Role.ROLE_ADMIN) {
      return refuse(call, forAdministrators(role));
    }
    // Nobody behind this needs it, and so nobody can give it away.
    headers.discardAll(AUTHORIZATION);
    return Contexts.interceptCall(CallerContext.with(credential), call, headers, next);
  }

  private Verdict verdict(ServerCall<?, ?> call, Metadata headers) {
    final @Nullable SSLSession connection =
        call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    final List<String> authorization = authorization(headers);
    return Services.isOnEventLoop(call.getMethodDescriptor())
        ? authenticator.authenticateAtOnce(authorization, connection)
        : authenticator.authenticate(authorization, connection);
  }

  private static List<String> authorization(Metadata headers) {
    final @Nullable Iterable<String> values = headers.getAll(AUTHORIZATION);
    if (values == null) {
      return List.of();
    }
    final List<String> all = new ArrayList<>();
    values.forEach(all::add);
    return all;
  }

  /** The same words for whatever is wrong: what is known is not told to who is not. */
  private static Refusal nobody() {
    return Refusal.of(
        Code.UNAUTHENTICATED,
        ErrorReason.ERROR_REASON_UNAUTHENTICATED,
        "the call has no credential that is valid here; send the metadata \"authorization: Bearer"
            + " TOKEN\", or a client certificate where the server takes them");
  }

  private static Refusal forAdministrators(Role role) {
    return Refusal.of(
            Code.PERMISSION_DENIED,
            ErrorReason.ERROR_REASON_PERMISSION_DENIED,
            "the call needs the role ADMIN, and the caller's is " + word(role))
        .with("role", word(role))
        .with("needed_role", word(Role.ROLE_ADMIN));
  }

  private static String word(Role role) {
    return role.name().replace("ROLE_", "");
  }

  private static <Q, R> ServerCall.Listener<Q> refuse(ServerCall<Q, R> call, Refusal why) {
    final StatusRuntimeException status = Errors.status(why);
    final Metadata trailers = status.getTrailers() == null ? new Metadata() : status.getTrailers();
    if (why.code() == Code.UNAUTHENTICATED) {
      trailers.put(CHALLENGE, "Bearer");
    }
    final Call observed = Call.current();
    if (observed != null) {
      observed.refusedAtTheDoor();
    }
    call.close(status.getStatus(), trailers);
    return new ServerCall.Listener<>() {};
  }
}
