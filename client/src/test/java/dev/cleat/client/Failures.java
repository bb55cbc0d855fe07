package dev.cleat.client;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;

/** Errors as the server makes them. */
final class Failures {
  private Failures() {}

  static StatusRuntimeException of(Status.Code code, String reason) {
    return StatusProto.toStatusRuntimeException(status(code, reason).build());
  }

  static StatusRuntimeException retryAfter(Status.Code code, String reason, Duration delay) {
    return StatusProto.toStatusRuntimeException(
        status(code, reason)
            .addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(Times.of(delay)).build()))
            .build());
  }

  private static com.google.rpc.Status.Builder status(Status.Code code, String reason) {
    return com.google.rpc.Status.newBuilder()
        .setCode(code.value())
        .setMessage("as asked for: " + reason)
        .addDetails(
            Any.pack(
                ErrorInfo.newBuilder()
                    .setDomain("cleat.dev")
                    .setReason(reason)
                    .putMetadata("session_id", "s")
                    .build()));
  }
}
