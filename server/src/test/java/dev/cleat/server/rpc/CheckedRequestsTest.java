package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.rpc.BadRequest;
import com.sun.management.ThreadMXBean;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Input;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A call ends once, whoever ends it. */
class CheckedRequestsTest {
  private static final int LIMIT = 1 << 20;
  private static final byte[] NO_MESSAGE = {0, 1, 2};

  private final List<Status> ends = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private Metadata trailers = new Metadata();
  private CountDownLatch sending = new CountDownLatch(0);

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

  /** Whoever answers may wait for room for it; whoever reads is an event loop, and may not. */
  @Test
  void whatIsNoMessageEndsTheCallBehindTheAnswerThatIsOnItsWay() throws Exception {
    sending = new CountDownLatch(1);
    final List<Thread> handlers = new ArrayList<>();
    final ServerMethodDefinition<?, ?> method =
        CheckedRequests.checked(
            ServerMethodDefinition.create(
                SessionServiceGrpc.getAttachMethod(),
                (call, _) -> {
                  final Thread sender =
                      Thread.ofVirtual()
                          .unstarted(() -> call.sendMessage(AttachResponse.getDefaultInstance()));
                  handlers.add(sender);
                  sender.start();
                  await().until(() -> sender.getState() == Thread.State.WAITING);
                  return handler(call, false);
                }),
            LIMIT);

    final Thread reader = Thread.ofVirtual().start(() -> receive(method, NO_MESSAGE));
    try {
      await().until(() -> !reader.isAlive());
      assertThat(heard).containsExactly("cancel");
      assertThat(ends).as("one thread says something at a time").isEmpty();
    } finally {
      sending.countDown();
    }
    handlers.getFirst().join();
    assertThat(ends).extracting(Status::getCode).containsExactly(Status.Code.INVALID_ARGUMENT);
  }

  /** A message of so many bytes whose fields, of five bytes each, are all unknown and different. */
  private static byte[] unknownFields(int size) throws IOException {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    for (int number = 1 << 18; out.getTotalBytesWritten() < size; number++) {
      out.writeUInt32(number, 1);
    }
    out.flush();
    return bytes.toByteArray();
  }

  @Test
  void whatIsTooLargeForFieldsThatNobodyKnowsIsNotPutDownToOneThatIsKnown() throws Exception {
    final ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.writeBytes(unknownFields(2 * LIMIT));
    AttachRequest.newBuilder()
        .setInput(Input.newBuilder().setData(ByteString.copyFrom(new byte[LIMIT])))
        .build()
        .writeTo(message);

    receive(checked(false), message.toByteArray());

    assertThat(ends).extracting(Status::getCode).containsExactly(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(fields()).containsExactly("AttachRequest");
  }

  @Test
  void whatIsTooLargeSaysWhichFieldMakesItSo() {
    receive(
        checked(false),
        AttachRequest.newBuilder()
            .setInput(Input.newBuilder().setData(ByteString.copyFrom(new byte[LIMIT])))
            .build()
            .toByteArray());

    assertThat(fields()).containsExactly("input.data");
  }

  private List<String> fields() {
    return Refused.of(ends.getFirst().asRuntimeException(trailers)).fields().stream()
        .map(BadRequest.FieldViolation::getField)
        .toList();
  }

  @Test
  void whatIsTooLargeCostsTheHeapNothingHoweverManyFieldsItHas() throws Exception {
    final byte[] message = unknownFields(8 * LIMIT);
    receive(checked(false), unknownFields(2 * LIMIT));
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final long before = threads.getCurrentThreadAllocatedBytes();

    receive(checked(false), message);

    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(LIMIT);
    assertThat(ends).hasSize(2);
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
    listener.onMessage(method.getMethodDescriptor().parseRequest(new Received(message)));
  }

  /** A message that came as it is, not compressed. */
  private static final class Received extends ByteArrayInputStream implements KnownLength {
    Received(byte[] message) {
      super(message);
    }
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
      try {
        sending.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void close(Status status, Metadata sent) {
      ends.add(status);
      trailers = sent;
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
