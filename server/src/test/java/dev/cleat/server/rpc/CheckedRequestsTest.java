package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A call ends once, whoever ends it. */
class CheckedRequestsTest {
  private static final int LIMIT = 1 << 20;
  private static final byte[] NO_MESSAGE = {0, 1, 2};

  private final List<Status> ends = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();

  @Test
  void whatIsNoMessageEndsTheCallAndTheHandlerLetsGo() {
    receive(checked(false), NO_MESSAGE);
    assertThat(ends).extracting(Status::getCode).containsExactly(Status.Code.INVALID_ARGUMENT);
    assertThat(heard).containsExactly("cancel");
  }

  @Test
  void whatIsNoMessageChangesNothingAfterTheHandlerHasEndedTheCall() {
    receive(checked(true), NO_MESSAGE);
    assertThat(ends).extracting(Status::getCode).containsExactly(Status.Code.ABORTED);
    assertThat(heard).isEmpty();
  }

  private ServerMethodDefinition<?, ?> checked(boolean endsAtOnce) {
    return CheckedRequests.checked(
        ServerMethodDefinition.create(
            SessionServiceGrpc.getAttachMethod(), (call, _) -> handler(call, endsAtOnce)),
        LIMIT);
  }

  private ServerCall.Listener<AttachRequest> handler(
      ServerCall<AttachRequest, AttachResponse> call, boolean endsAtOnce) {
    if (endsAtOnce) {
      call.close(Status.ABORTED, new Metadata());
    }
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(AttachRequest message) {
        heard.add("message");
      }

      @Override
      public void onCancel() {
        heard.add("cancel");
      }
    };
  }

  private <Q, R> void receive(ServerMethodDefinition<Q, R> method, byte[] message) {
    final ServerCall.Listener<Q> listener =
        method
            .getServerCallHandler()
            .startCall(new FakeCall<>(method.getMethodDescriptor()), new Metadata());
    listener.onMessage(
        method.getMethodDescriptor().parseRequest(new ByteArrayInputStream(message)));
  }

  /** Notes how it ends. */
  private final class FakeCall<Q, R> extends ServerCall<Q, R> {
    private final MethodDescriptor<Q, R> method;

    FakeCall(MethodDescriptor<Q, R> method) {
      this.method = method;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(R message) {
      throw new AssertionError("nothing is to be said");
    }

    @Override
    public void close(Status status, Metadata trailers) {
      ends.add(status);
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
      return method;
    }
  }
}
