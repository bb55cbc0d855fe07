package dev.cleat.server.telemetry;

import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import io.grpc.Metadata;
import io.grpc.Status;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Traces: a span for each call, in the caller's trace where it says one, and a span for each turn,
 * under the call that started it. When it is off, it costs nothing. Thread-safe.
 */
public final class Tracing implements AutoCloseable {
  private static final String SERVICE = "cleat";
  private static final String TRACES = "/v1/traces";
  private static final long PATIENCE_SECONDS = 2;
  private static final TextMapGetter<Metadata> HEADERS = new Headers();

  private final @Nullable SdkTracerProvider provider;
  private final @Nullable Tracer tracer;
  private final Map<String, Span> turns = new ConcurrentHashMap<>();

  private Tracing(@Nullable SdkTracerProvider provider) {
    this.provider = provider;
    this.tracer = provider == null ? null : provider.get(SERVICE);
  }

  /** None. */
  public static Tracing off() {
    return new Tracing(null);
  }

  /**
   * To a collector, by OTLP over HTTP.
   *
   * @param collector such as {@code http://127.0.0.1:4318}; where it has no path, the usual one is
   *     meant
   */
  public static Tracing to(URI collector) {
    final String path = collector.getPath();
    final String endpoint =
        path == null || path.isEmpty() || path.equals("/")
            ? collector.resolve(TRACES).toString()
            : collector.toString();
    return to(OtlpHttpSpanExporter.builder().setEndpoint(endpoint).build());
  }

  static Tracing to(SpanExporter exporter) {
    return new Tracing(
        SdkTracerProvider.builder()
            .setResource(
                Resource.getDefault()
                    .merge(
                        Resource.create(Attributes.builder().put("service.name", SERVICE).build())))
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .build());
  }

  /** A call has come. */
  @Nullable Span call(String fullMethodName, Metadata headers) {
    if (tracer == null) {
      return null;
    }
    final int slash = fullMethodName.lastIndexOf('/');
    return tracer
        .spanBuilder(fullMethodName)
        .setSpanKind(SpanKind.SERVER)
        .setParent(
            W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS))
        .setAttribute("rpc.system", "grpc")
        .setAttribute("rpc.service", fullMethodName.substring(0, Math.max(0, slash)))
        .setAttribute("rpc.method", fullMethodName.substring(slash + 1))
        .startSpan();
  }

  /** A call has ended. */
  static void end(Span span, Status status) {
    span.setAttribute("rpc.grpc.status_code", status.getCode().value());
    switch (status.getCode()) {
      case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS ->
          span.setStatus(StatusCode.ERROR, status.getCode().name());
      default -> {}
    }
    span.end();
  }

  /**
   * A turn has come into another state. Where it is accepted, the span of the call that the current
   * thread works on is its parent.
   *
   * @param way how its prompt reaches the tool
   */
  public void turn(Turn turn, String tool, String way) {
    if (tracer == null) {
      return;
    }
    if (turn.getState() == TurnState.TURN_STATE_ACCEPTED) {
      turns.put(turn.getId(), begin(tracer, turn, tool, way));
      return;
    }
    final Span span = turns.get(turn.getId());
    if (span == null) {
      return;
    }
    final String state = word(turn.getState());
    switch (turn.getState()) {
      case TURN_STATE_SUCCEEDED, TURN_STATE_CANCELLED -> end(span, turn, state);
      case TURN_STATE_FAILED, TURN_STATE_TIMED_OUT, TURN_STATE_UNCERTAIN -> {
        span.setStatus(StatusCode.ERROR, state);
        end(span, turn, state);
      }
      default -> span.addEvent(state);
    }
  }

  private static Span begin(Tracer tracer, Turn turn, String tool, String way) {
    final SpanBuilder builder =
        tracer
            .spanBuilder("turn")
            .setAttribute("cleat.session", turn.getSessionId())
            .setAttribute("cleat.turn", turn.getId())
            .setAttribute("cleat.tool", tool)
            .setAttribute("cleat.way", way);
    final Call call = Call.current();
    final Span parent = call == null ? null : call.span();
    return (parent == null ? builder.setNoParent() : builder.setParent(Context.root().with(parent)))
        .startSpan();
  }

  private void end(Span span, Turn turn, String state) {
    turns.remove(turn.getId());
    span.setAttribute("cleat.turn.state", state);
    if (turn.hasUsage()) {
      span.setAttribute("cleat.tokens.input", turn.getUsage().getInputTokens());
      span.setAttribute("cleat.tokens.cached_input", turn.getUsage().getCachedInputTokens());
      span.setAttribute("cleat.tokens.output", turn.getUsage().getOutputTokens());
    }
    span.end();
  }

  /** Where a turn is in its trace; null without traces, and when it is not known or has ended. */
  @Nullable SpanContext ofTurn(String turnId) {
    final Span span = turns.get(turnId);
    return span == null ? null : span.getSpanContext();
  }

  private static String word(TurnState state) {
    return state.name().substring("TURN_STATE_".length()).toLowerCase(Locale.ROOT);
  }

  /** Sends what has ended; what has not is not sent. */
  @Override
  public void close() {
    if (provider != null) {
      final var _ = provider.shutdown().join(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** The headers of a call. */
  private static final class Headers implements TextMapGetter<Metadata> {
    @Override
    public @Nullable String get(@Nullable Metadata headers, String name) {
      return headers == null
          ? null
          : headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }
  }
}
