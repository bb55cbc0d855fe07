package dev.cleat.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Usage;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A call of the contract, whichever it is, with the least request that is valid.
 *
 * @param call which
 */
record AnyCall(Contract.Call call) {
  /** What a request must have beside the session, by the names of its fields. */
  private static final Map<String, Object> FIELDS =
      Map.of(
          "tool",
          "none-of-the-catalogue",
          "prompt",
          "true",
          "turn_id",
          "none",
          "approval_id",
          "none",
          "artifact_id",
          "none",
          "decision",
          ApprovalDecision.APPROVAL_DECISION_DENIED.getValueDescriptor(),
          "data",
          ByteString.copyFromUtf8("\n"),
          "size",
          TerminalSize.newBuilder().setRows(24).setColumns(80).build(),
          "usage",
          Usage.getDefaultInstance(),
          "update_mask",
          FieldMask.newBuilder().addPaths("model").build());

  /** The request, about a session where the call is about one. */
  Message request(String sessionId) {
    final Message empty =
        (Message)
            ((PrototypeMarshaller<?>) call.rpc().getRequestMarshaller()).getMessagePrototype();
    if (empty instanceof AttachRequest) {
      return AttachRequest.newBuilder()
          .setOpen(AttachOpen.newBuilder().setSessionId(sessionId))
          .build();
    }
    final Message.Builder request = empty.toBuilder();
    for (FieldDescriptor field : empty.getDescriptorForType().getFields()) {
      if (FIELDS.containsKey(field.getName()) && !call.name().equals("GetTool")) {
        request.setField(field, FIELDS.get(field.getName()));
      } else if (field.getName().equals("session_id") && !call.name().equals("Create")) {
        request.setField(field, sessionId);
      } else if (field.getName().equals("name") && call.name().startsWith("GetTool")) {
        request.setField(field, "none-of-the-catalogue");
      } else if (field.getName().equals("role") && field.getType() == FieldDescriptor.Type.ENUM) {
        request.setField(field, Role.ROLE_VIEWER.getValueDescriptor());
      } else if (field.getName().equals("timeout")) {
        request.setField(field, Duration.getDefaultInstance());
      }
    }
    return request.build();
  }

  /** The request, about the session of this name. */
  Message requestByName(String name) {
    if (request("") instanceof AttachRequest) {
      return AttachRequest.newBuilder().setOpen(AttachOpen.newBuilder().setName(name)).build();
    }
    final Message.Builder request = request("").toBuilder();
    return request.setField(request.getDescriptorForType().findFieldByName("name"), name).build();
  }

  /** Makes the call; what it was refused with, or nothing where the first answer came. */
  Optional<StatusRuntimeException> by(TestServer server, Caller caller, Message request) {
    return start(call.rpc(), server, caller, request);
  }

  @SuppressWarnings("unchecked") // The request is of the call's own type.
  private static <Q, R> Optional<StatusRuntimeException> start(
      MethodDescriptor<Q, R> rpc, TestServer server, Caller caller, Message request) {
    final ClientCall<Q, R> call =
        ClientInterceptors.intercept(server.channel(), HeaderCallers.as(caller))
            .newCall(rpc, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
    final CompletableFuture<Optional<StatusRuntimeException>> outcome = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(R message) {
            outcome.complete(Optional.empty());
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            outcome.complete(
                status.isOk()
                    ? Optional.empty()
                    : Optional.of(status.asRuntimeException(trailers)));
          }
        },
        new Metadata());
    call.sendMessage((Q) request);
    call.halfClose();
    call.request(1);
    try {
      return outcome.join();
    } finally {
      call.cancel("enough", null);
    }
  }
}
