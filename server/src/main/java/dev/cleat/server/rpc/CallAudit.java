package dev.cleat.server.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.telemetry.AuditLog;
import dev.cleat.server.telemetry.AuditRecord;
import dev.cleat.server.telemetry.Call;
import dev.cleat.v1.DeleteResponse;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.StopResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes down calls that change something, before their callers hear what came of it. Where the
 * audit log is required, it is also written down that they begin, and what cannot be is refused.
 * Thread-safe.
 */
final class CallAudit {
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final AuditLog log;

  CallAudit(AuditLog log) {
    this.log = log;
  }

  boolean isOn() {
    return log.isOn();
  }

  /**
   * A call begins.
   *
   * @param session an id, where the request has one
   * @throws Refusal STORAGE_UNAVAILABLE if that must be written down and cannot be
   */
  AuditRecord begin(String method, Message request, String session) {
    needsNone();
    final Call call = Call.current();
    final Caller caller = CallerContext.current();
    final AuditRecord record =
        AuditRecord.of(method, call == null ? null : call.peer())
            .by(caller.tenant(), caller.subject())
            .on(session)
            .asking(request);
    if (log.isRequired() && !log.write(record.begun())) {
      throw Refusal.of(
              Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_STORAGE_UNAVAILABLE,
              "the server cannot write down who calls, without which nothing may be changed;"
                  + " nothing was")
          .retryAfter(RETRY);
    }
    return record;
  }

  /** A stream that changes something has begun, and nothing is known of its end for long. */
  void opened(AuditRecord record) {
    if (!log.isRequired()) {
      final boolean _ = log.write(record.begun());
    }
  }

  /** The call of the current thread is none that changes something, whatever its method. */
  static void needsNone() {
    final Call call = Call.current();
    if (call != null) {
      call.answersForItself();
    }
  }

  /** It is done: {@code answer} says to which sessions. */
  void done(AuditRecord record, Message answer) {
    ended(record.on(session(answer)).on(sessions(answer)), Status.OK);
  }

  /** It has ended. */
  void ended(AuditRecord record, Status status) {
    final boolean _ = log.write(record.ended(status.getCode().name(), ""));
  }

  /** It was refused, or failed. */
  void failed(AuditRecord record, StatusRuntimeException status) {
    final boolean _ = log.write(record.ended(status.getStatus().getCode().name(), reason(status)));
  }

  private static String reason(StatusRuntimeException cause) {
    final com.google.rpc.@Nullable Status status = StatusProto.fromThrowable(cause);
    if (status != null) {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          try {
            return detail.unpack(ErrorInfo.class).getReason();
          } catch (InvalidProtocolBufferException e) {
            return "";
          }
        }
      }
    }
    return "";
  }

  /** The session that a message is about; empty if it does not say. */
  static String session(Message message) {
    final FieldDescriptor id = message.getDescriptorForType().findFieldByName("session_id");
    if (id != null && !id.isRepeated()) {
      return (String) message.getField(id);
    }
    for (String field : new String[] {"session", "turn", "approval"}) {
      final FieldDescriptor found = message.getDescriptorForType().findFieldByName(field);
      if (found != null
          && found.getJavaType() == FieldDescriptor.JavaType.MESSAGE
          && !found.isRepeated()) {
        return switch (message.getField(found)) {
          case dev.cleat.v1.Session session -> session.getId();
          case Message part -> session(part);
          default -> "";
        };
      }
    }
    return "";
  }

  /** The sessions that an answer to a call by filter is about. */
  private static List<String> sessions(Message answer) {
    return switch (answer) {
      case DeleteResponse deleted -> deleted.getSessionIdsList();
      case StopResponse stopped ->
          stopped.getSessionsList().stream().map(dev.cleat.v1.Session::getId).toList();
      default -> List.of();
    };
  }

  /** The text of a field; empty if there is none. */
  static String text(Message message, String name) {
    final FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
    return field != null && !field.isRepeated() && message.getField(field) instanceof String text
        ? text
        : "";
  }
}
