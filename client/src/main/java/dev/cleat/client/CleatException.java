package dev.cleat.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call failed. Decide by {@link #code} and {@link #reason}, never by the message. The cause is
 * gRPC's own exception where the failure came from a call.
 *
 * <p>Immutable but for suppressed exceptions; safe for use by any thread.
 */
public class CleatException extends RuntimeException {

  /** What kind of failure: gRPC's status codes by their names. */
  public enum Code {
    CANCELLED,
    UNKNOWN,
    INVALID_ARGUMENT,
    DEADLINE_EXCEEDED,
    NOT_FOUND,
    ALREADY_EXISTS,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    FAILED_PRECONDITION,
    ABORTED,
    OUT_OF_RANGE,
    UNIMPLEMENTED,
    INTERNAL,
    UNAVAILABLE,
    DATA_LOSS,
    UNAUTHENTICATED
  }

  /**
   * A field of the request that is not valid.
   *
   * @param field its path in the request, such as {@code size.rows}
   * @param description what is wrong with it
   */
  public record FieldViolation(String field, String description) {}

  /**
   * Reason of this library: the connection answered nothing for longer than its heartbeats allow.
   */
  public static final String SILENT = "SILENT";

  /**
   * Reason of this library: the server broke the rules of the contract, and what it sent was not
   * passed on.
   */
  public static final String PROTOCOL_VIOLATION = "PROTOCOL_VIOLATION";

  /** Reason of this library: the attachment or the client was closed by its owner. */
  public static final String CLOSED = "CLOSED";

  /** Reason of this library: the calling thread was interrupted. */
  public static final String INTERRUPTED = "INTERRUPTED";

  /** Reason of this library: a callback of the caller's threw; the cause is what it threw. */
  public static final String LISTENER_FAILED = "LISTENER_FAILED";

  /**
   * Reason of this library: the session had no process to take the input, which was thrown away.
   */
  public static final String INPUT_DISCARDED = "INPUT_DISCARDED";

  private final Code code;
  private final String reason;
  private final Map<String, String> metadata;
  private final List<FieldViolation> violations;
  private final @Nullable Duration retryAfter;

  CleatException(Code code, String reason, String message, @Nullable Throwable cause) {
    this(code, reason, message, cause, Map.of(), List.of(), null);
  }

  private CleatException(
      Code code,
      String reason,
      String message,
      @Nullable Throwable cause,
      Map<String, String> metadata,
      List<FieldViolation> violations,
      @Nullable Duration retryAfter) {
    super(message, cause);
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.violations = violations;
    this.retryAfter = retryAfter;
  }

  /** What gRPC's own exception says, for calls that were made through {@link GrpcAccess}. */
  public static CleatException of(StatusRuntimeException failure) {
    Status status = failure.getStatus();
    com.google.rpc.@Nullable Status details = StatusProto.fromThrowable(failure);
    @Nullable ErrorInfo info = detail(details, ErrorInfo.class);
    @Nullable BadRequest bad = detail(details, BadRequest.class);
    @Nullable RetryInfo retry = detail(details, RetryInfo.class);
    return new CleatException(
        Code.valueOf(status.getCode().name()),
        info == null ? "" : info.getReason(),
        message(status, info),
        failure,
        info == null ? Map.of() : Map.copyOf(info.getMetadataMap()),
        bad == null
            ? List.of()
            : bad.getFieldViolationsList().stream()
                .map(v -> new FieldViolation(v.getField(), v.getDescription()))
                .toList(),
        retry == null ? null : Times.of(retry.getRetryDelay()));
  }

  static CleatException violation(String what) {
    return new CleatException(
        Code.INTERNAL, PROTOCOL_VIOLATION, "the server broke the contract: " + what, null);
  }

  static CleatException interrupted(Exception cause) {
    Thread.currentThread().interrupt();
    return new CleatException(Code.CANCELLED, INTERRUPTED, "interrupted", cause);
  }

  static CleatException closed(String what) {
    return new CleatException(Code.CANCELLED, CLOSED, what + " is closed", null);
  }

  /** What kind of failure. */
  public Code code() {
    return code;
  }

  /**
   * Why: one of the stable constants of {@code error.proto} without their prefix, such as {@code
   * SESSION_NOT_FOUND}, or of this class. Empty when the failure did not come from Cleat itself: a
   * broken connection, a proxy.
   */
  public String reason() {
    return reason;
  }

  /**
   * Whatever varies in the message: ids, limits, numbers. Which keys, {@code error.proto} says at
   * each reason.
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Every field of the request that is not valid; empty unless the code is {@link
   * Code#INVALID_ARGUMENT}.
   */
  public List<FieldViolation> violations() {
    return violations;
  }

  /** When a retry is worth it, if the server said so. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  private static String message(Status status, @Nullable ErrorInfo info) {
    String said =
        status.getDescription() == null ? status.getCode().name() : status.getDescription();
    if (info != null) {
      return said;
    }
    @Nullable Throwable cause = status.getCause();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause == null || cause.getMessage() == null ? said : said + ": " + cause.getMessage();
  }

  private static <T extends Message> @Nullable T detail(
      com.google.rpc.@Nullable Status details, Class<T> type) {
    if (details == null) {
      return null;
    }
    for (Any any : details.getDetailsList()) {
      if (any.is(type)) {
        try {
          return any.unpack(type);
        } catch (InvalidProtocolBufferException e) {
          return null; // a damaged detail says nothing; code and message stand without it
        }
      }
    }
    return null;
  }
}
