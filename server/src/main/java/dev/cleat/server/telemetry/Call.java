package dev.cleat.server.telemetry;

import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.opentelemetry.api.trace.Span;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One call, from its first byte to its last: how long it takes, how it ends, where it comes from,
 * its span. It stands beside the call and not around it, so that nothing of the call's flow control
 * is hidden by it. Thread-safe.
 */
public final class Call extends ServerStreamTracer {
  private static final Context.Key<Call> KEY = Context.key("cleat-call");

  private final Calls.Method method;
  private final Calls calls;
  private final @Nullable Span span;
  private final long start = System.nanoTime();
  private final AtomicBoolean answered = new AtomicBoolean();
  private volatile boolean refused;
  private volatile @Nullable SocketAddress peer;

  Call(Calls.Method method, Calls calls, @Nullable Span span) {
    this.method = method;
    this.calls = calls;
    this.span = span;
  }

  /** The call that the current thread works on. */
  public static @Nullable Call current() {
    return KEY.get();
  }

  /** Its span; null without traces. */
  public @Nullable Span span() {
    return span;
  }

  /** Where it comes from. */
  public @Nullable SocketAddress peer() {
    return peer;
  }

  /**
   * Whoever handles it writes it down in the audit log, or knows that nobody need. Else this does,
   * at the end: a call that is refused before it is handled.
   */
  public void answersForItself() {
    answered.set(true);
  }

  /**
   * It was refused before it reached a method, which belongs into the audit log whichever it is.
   */
  public void refusedAtTheDoor() {
    refused = true;
  }

  boolean needsRecord() {
    return (method.changes() || refused) && answered.compareAndSet(false, true);
  }

  String methodName() {
    return method.name();
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(KEY, this);
  }

  @Override
  public void serverCallStarted(ServerCallInfo<?, ?> info) {
    peer = info.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
  }

  @Override
  public void streamClosed(Status status) {
    method.duration().tookSince(start);
    calls.count(method, status.getCode());
    final Span its = span;
    if (its != null) {
      Tracing.end(its, status);
    }
    calls.ended(this, status);
  }
}
