package dev.cleat.server.telemetry;

import io.opentelemetry.api.trace.Span;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What the lines that a thread logs are about: fields of the log where it is JSON, and nothing
 * where it is text. They belong to the thread that sets them.
 */
public final class LogFields {
  private LogFields() {}

  /** About a session, for the rest of the thread's life. */
  public static void session(String id) {
    MDC.put("session", id);
  }

  /** About a turn, for the rest of the thread's life. */
  public static void turn(String session, String turn) {
    session(session);
    MDC.put("turn", turn);
  }

  /**
   * About a call, until {@link #clear}.
   *
   * @param session an id or a name; empty without one
   * @param turn an id; empty without one
   */
  public static void call(String tenant, String session, String turn) {
    MDC.put("tenant", tenant);
    put("session", session);
    put("turn", turn);
    final Call call = Call.current();
    final @Nullable Span span = call == null ? null : call.span();
    if (span != null) {
      MDC.put("trace_id", span.getSpanContext().getTraceId());
      MDC.put("span_id", span.getSpanContext().getSpanId());
    }
  }

  private static void put(String name, String value) {
    if (!value.isEmpty()) {
      MDC.put(name, value);
    }
  }

  /** About nothing in particular. */
  public static void clear() {
    MDC.clear();
  }
}
