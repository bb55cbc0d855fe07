package dev.cleat.server.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * What the lines that a thread logs are about: fields of the log where it is JSON, and nothing
 * where it is text. They belong to the thread that sets them; what is done for it on another one is
 * {@link #carried} there. They are set where a thread takes something up, and never for each piece
 * of what goes through it.
 */
public final class LogFields {
  private static final String TENANT = "tenant";
  private static final String SESSION = "session";
  private static final String TURN = "turn";
  private static final String TRACE = "trace_id";
  private static final String SPAN = "span_id";

  private LogFields() {}

  /** Until it is closed, by the thread that opened it; the fields are those of before then. */
  public static final class Scope implements AutoCloseable {
    private final @Nullable Map<String, String> before = MDC.getCopyOfContextMap();

    private Scope() {}

    @Override
    public void close() {
      replace(before);
    }
  }

  /**
   * Whose something is that outlives what made it, such as a journal, for what is logged of it on
   * threads of nobody's. Of a call and a turn it keeps nothing.
   */
  public static final class Subject {
    private final @Nullable String tenant = MDC.get(TENANT);
    private final @Nullable String session = MDC.get(SESSION);

    private Subject() {}

    /** What the current thread logs is about this, and nothing else, until that is closed. */
    public Scope logged() {
      final Scope scope = new Scope();
      MDC.clear();
      if (tenant != null) {
        MDC.put(TENANT, tenant);
      }
      if (session != null) {
        MDC.put(SESSION, session);
      }
      return scope;
    }
  }

  /** What the current thread is about now. */
  public static Subject subject() {
    return new Subject();
  }

  /** About a tenant, and no session of it, until the scope is closed. */
  public static Scope about(String tenant) {
    final Scope scope = new Scope();
    MDC.remove(SESSION);
    MDC.remove(TURN);
    MDC.put(TENANT, tenant);
    return scope;
  }

  /**
   * About a session, for the rest of the thread's life, or of the call that it answers. What it
   * said of another session it says no more.
   *
   * @param id one of the tenant's own
   */
  public static void session(String tenant, String id) {
    if (!id.equals(MDC.get(SESSION)) || !tenant.equals(MDC.get(TENANT))) {
      MDC.remove(TURN);
    }
    MDC.put(TENANT, tenant);
    MDC.put(SESSION, id);
  }

  /**
   * About a turn, for the rest of the thread's life, and in its trace, where there is one and the
   * turn has not ended.
   */
  public static void turn(String tenant, String session, String turn, Tracing traces) {
    session(tenant, session);
    MDC.put(TURN, turn);
    trace(traces.ofTurn(turn));
  }

  /** As {@link #session}, until the scope is closed. */
  public static Scope about(String tenant, String session) {
    final Scope scope = new Scope();
    session(tenant, session);
    return scope;
  }

  /** As {@link #turn}, until the scope is closed. */
  public static Scope about(String tenant, String session, String turn, Tracing traces) {
    final Scope scope = new Scope();
    turn(tenant, session, turn, traces);
    return scope;
  }

  /**
   * About a call, until {@link #clear}.
   *
   * @param session an id; empty without one
   * @param turn an id; empty without one
   */
  public static void call(String tenant, String session, String turn) {
    MDC.put(TENANT, tenant);
    put(SESSION, session);
    put(TURN, turn);
    final Call call = Call.current();
    final @Nullable Span span = call == null ? null : call.span();
    trace(span == null ? null : span.getSpanContext());
  }

  /** Work for another thread, which is about what the current one is about now. */
  public static Runnable carried(Runnable work) {
    final @Nullable Map<String, String> fields = MDC.getCopyOfContextMap();
    return () -> {
      try (Scope _ = new Scope()) {
        replace(fields);
        work.run();
      }
    };
  }

  private static void put(String name, String value) {
    if (!value.isEmpty()) {
      MDC.put(name, value);
    }
  }

  private static void trace(@Nullable SpanContext span) {
    if (span != null) {
      MDC.put(TRACE, span.getTraceId());
      MDC.put(SPAN, span.getSpanId());
    }
  }

  private static void replace(@Nullable Map<String, String> fields) {
    if (fields == null) {
      MDC.clear();
    } else {
      MDC.setContextMap(fields);
    }
  }

  /** About nothing in particular. */
  public static void clear() {
    MDC.clear();
  }
}
