package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import dev.cleat.v1.ErrorReason;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/** What a refused call says. */
record Refused(
    Status.Code code,
    String message,
    List<ErrorInfo> infos,
    List<BadRequest.FieldViolation> fields,
    List<QuotaFailure.Violation> quotas,
    boolean retry) {

  static Refused by(ThrowingCallable call) {
    return of(catchThrowableOfType(StatusRuntimeException.class, call));
  }

  static Refused of(@Nullable Throwable cause) {
    assertThat(cause).as("a refusal").isNotNull();
    final List<ErrorInfo> infos = new ArrayList<>();
    final List<BadRequest.FieldViolation> fields = new ArrayList<>();
    final List<QuotaFailure.Violation> quotas = new ArrayList<>();
    boolean retry = false;
    final com.google.rpc.@Nullable Status status = StatusProto.fromThrowable(cause);
    assertThat(status).isNotNull();
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          infos.add(detail.unpack(ErrorInfo.class));
        } else if (detail.is(BadRequest.class)) {
          fields.addAll(detail.unpack(BadRequest.class).getFieldViolationsList());
        } else if (detail.is(QuotaFailure.class)) {
          quotas.addAll(detail.unpack(QuotaFailure.class).getViolationsList());
        }
        retry |= detail.is(RetryInfo.class);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    return new Refused(
        Status.fromCodeValue(status.getCode()).getCode(),
        status.getMessage(),
        infos,
        fields,
        quotas,
        retry);
  }

  /** All of an error that a client gets: code, message, details, and what else comes with it. */
  static List<Object> body(StatusRuntimeException error) {
    return List.of(
        error.getStatus().getCode(),
        String.valueOf(error.getStatus().getDescription()),
        Objects.requireNonNull(StatusProto.fromThrowable(error)).toByteString(),
        Objects.requireNonNull(error.getTrailers()).keys());
  }

  static List<Object> bodyBy(ThrowingCallable call) {
    final StatusRuntimeException error = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(error).as("a refusal").isNotNull();
    return body(error);
  }

  /** Exactly one ErrorInfo, with this reason. */
  Refused with(Status.Code expected, ErrorReason reason) {
    assertThat(infos).as("%s: %s", code, message).hasSize(1);
    final ErrorInfo info = infos.getFirst();
    assertThat(code).as(message).isEqualTo(expected);
    assertThat("ERROR_REASON_" + info.getReason()).isEqualTo(reason.name());
    assertThat(info.getDomain()).isEqualTo("cleat.dev");
    assertThat(message).isNotBlank();
    return this;
  }

  Refused field(String... names) {
    assertThat(fields).extracting(BadRequest.FieldViolation::getField).contains(names);
    assertThat(fields)
        .extracting(BadRequest.FieldViolation::getDescription)
        .allSatisfy(description -> assertThat(description).isNotBlank());
    return this;
  }

  /** A limit of this one's was reached, and it may be worth to try again. */
  Refused quotaOf(String subject) {
    assertThat(quotas).extracting(QuotaFailure.Violation::getSubject).containsExactly(subject);
    assertThat(quotas.getFirst().getDescription()).isEqualTo(message);
    assertThat(retry).as("%s says when to try again", message).isTrue();
    return this;
  }

  Refused metadata(String key, String value) {
    assertThat(infos.getFirst().getMetadataMap()).containsEntry(key, value);
    return this;
  }
}
