package dev.cleat.server.rpc;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Times;
import dev.cleat.server.store.StoreException;
import dev.cleat.server.store.StoreFullException;
import dev.cleat.v1.ErrorReason;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what went wrong in gRPC's words: a canonical code, one ErrorInfo with a stable reason, the
 * fields and when to try again. What is a defect of ours is logged under a number, and only the
 * number is said.
 */
final class Errors {
  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);
  private static final String DOMAIN = "cleat.dev";
  private static final String PREFIX = "ERROR_REASON_";

  private Errors() {}

  static StatusRuntimeException status(Throwable cause) {
    return switch (cause) {
      case Refusal refusal -> status(refusal);
      case StatusRuntimeException status -> status;
      case StoreFullException _ ->
          status(
              Refusal.of(
                      com.google.rpc.Code.RESOURCE_EXHAUSTED,
                      ErrorReason.ERROR_REASON_STORAGE_FULL,
                      "the server's disk is full; nothing was changed; try again when there is"
                          + " room")
                  .retryAfter(Duration.ofSeconds(5)));
      case StoreException e -> {
        LOG.error("The store failed", e);
        yield status(
            Refusal.of(
                    com.google.rpc.Code.UNAVAILABLE,
                    ErrorReason.ERROR_REASON_STORAGE_UNAVAILABLE,
                    "the server's storage cannot be read or written just now")
                .retryAfter(Duration.ofSeconds(5)));
      }
      case InterruptedException _ -> io.grpc.Status.CANCELLED.asRuntimeException();
      default -> defect(cause);
    };
  }

  private static StatusRuntimeException defect(Throwable cause) {
    final String incident = UUID.randomUUID().toString();
    LOG.error("Incident {}", incident, cause);
    return status(
        Refusal.of(
                com.google.rpc.Code.INTERNAL,
                ErrorReason.ERROR_REASON_INTERNAL,
                "the server failed; its log has more under incident " + incident)
            .with("incident", incident));
  }

  private static StatusRuntimeException status(Refusal refusal) {
    final String message = ErrorText.cut(refusal.getMessage(), ErrorText.MESSAGE_BYTES);
    final ErrorInfo.Builder info =
        ErrorInfo.newBuilder()
            .setDomain(DOMAIN)
            .setReason(refusal.reason().name().substring(PREFIX.length()));
    refusal
        .metadata()
        .forEach(
            (key, value) -> info.putMetadata(key, ErrorText.cut(value, ErrorText.METADATA_BYTES)));
    final BadRequest bad = ErrorText.violations(refusal.violations());
    final int unnamed = refusal.violations().size() - bad.getFieldViolationsCount();
    if (unnamed > 0) {
      info.putMetadata("more_violations", String.valueOf(unnamed));
    }
    final Status.Builder status =
        Status.newBuilder()
            .setCode(refusal.code().getNumber())
            .setMessage(message)
            .addDetails(Any.pack(info.build()));
    if (bad.getFieldViolationsCount() > 0) {
      status.addDetails(Any.pack(bad));
    }
    if (!refusal.exceeded().isEmpty()) {
      final QuotaFailure.Builder quotas = QuotaFailure.newBuilder();
      refusal
          .exceeded()
          .forEach(limit ->
              quotas
                  .addViolationsBuilder()
                  .setSubject(limit.subject())
                  .setDescription(limit.description()));
      status.addDetails(Any.pack(quotas.build()));
    }
    final Duration retryAfter = refusal.retryAfter();
    if (retryAfter != null) {
      status.addDetails(
          Any.pack(RetryInfo.newBuilder().setRetryDelay(Times.duration(retryAfter)).build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }
}
