package dev.cleat.server.auth;

import io.grpc.Context;
import java.time.Instant;
import java.util.Optional;

/** Who makes the call that the current thread works on. Thread-safe. */
public final class CallerContext {
  /** The caller of a call, in its context. */
  public static final Context.Key<Caller> KEY = Context.key("cleat-caller");

  private static final Context.Key<Instant> EXPIRES = Context.key("cleat-credential-expires");

  private CallerContext() {}

  /**
   * The caller of the current context.
   *
   * @throws IllegalStateException where no call has been authenticated: nobody is nobody, and not
   *     somebody who may do something
   */
  public static Caller current() {
    final Caller caller = KEY.get();
    if (caller == null) {
      throw new IllegalStateException("nobody has been authenticated in this context");
    }
    return caller;
  }

  /** When the credential of the current context's caller expires; empty if it does not. */
  public static Optional<Instant> expires() {
    return Optional.ofNullable(EXPIRES.get());
  }

  /** The current context with a caller. */
  public static Context with(Credential credential) {
    final Context context = Context.current().withValue(KEY, credential.caller());
    return credential.expires() == null
        ? context
        : context.withValue(EXPIRES, credential.expires());
  }
}
