package dev.cleat.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventBatch;
import dev.cleat.v1.Input;
import dev.cleat.v1.Output;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An Attach by a client that does as little as can be: it finds the output in the messages without
 * making objects of them, on the event loop of its connection. Callbacks come there, one after the
 * other.
 */
final class Watcher implements Marshaller<Integer>, AutoCloseable {
  private static final int PATIENCE_MINUTES = 5;

  private final Bytes.Buffer buffer = new Bytes.Buffer();
  private final Sink sink;
  private final CountDownLatch caughtUp = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ClientCallStreamObserver<AttachRequest> requests;
  private long inputSeq;
  private long expected = -1;
  private long received;
  private volatile long printed;
  private volatile long lastPrintedNanos;
  private volatile @Nullable Throwable failure;

  /** What comes. */
  interface Sink {
    /** Some output; the array is used again afterwards. */
    default void printed(Watcher watcher, byte[] array, int from, int count) {}

    /** A whole message of events, of so many bytes. */
    default void message(int bytes) {}
  }

  Watcher(Channel channel, AttachOpen open, Sink sink) {
    this.sink = sink;
    final MethodDescriptor<AttachRequest, Integer> method =
        SessionServiceGrpc.getAttachMethod().toBuilder(
                ProtoUtils.marshaller(AttachRequest.getDefaultInstance()), this)
            .build();
    final Responses responses = new Responses();
    ClientCalls.asyncBidiStreamingCall(channel.newCall(method, CallOptions.DEFAULT), responses);
    requests = responses.requests();
    requests.onNext(AttachRequest.newBuilder().setOpen(open).build());
  }

  private final class Responses implements ClientResponseObserver<AttachRequest, Integer> {
    private @Nullable ClientCallStreamObserver<AttachRequest> stream;

    ClientCallStreamObserver<AttachRequest> requests() {
      return java.util.Objects.requireNonNull(stream);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AttachRequest> requestStream) {
      stream = requestStream;
    }

    @Override
    public void onNext(Integer length) {}

    @Override
    public void onError(Throwable cause) {
      failure = cause;
      caughtUp.countDown();
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      ended.countDown();
    }
  }

  /** Types. For one thread at a time. */
  void type(ByteString data) {
    requests.onNext(
        AttachRequest.newBuilder()
            .setInput(Input.newBuilder().setInputSeq(++inputSeq).setData(data))
            .build());
  }

  /** Waits until everything that there was has come. */
  void awaitCaughtUp() throws IOException, InterruptedException {
    await(caughtUp);
  }

  /** Waits for the end of the session. */
  void awaitEnd() throws IOException, InterruptedException {
    await(ended);
  }

  private void await(CountDownLatch latch) throws IOException, InterruptedException {
    if (!latch.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
      throw new IOException(
          "nothing came for " + PATIENCE_MINUTES + " minutes, after " + printed + " bytes");
    }
    if (failure != null) {
      throw new IOException(failure);
    }
  }

  /** How many bytes of output have come. */
  long printed() {
    return printed;
  }

  /** When the last output came, on the clock of {@link System#nanoTime}. */
  long lastPrintedNanos() {
    return lastPrintedNanos;
  }

  @Override
  public void close() {
    requests.cancel("done", null);
  }

  @Override
  public InputStream stream(Integer value) {
    throw new IllegalStateException("responses are not sent");
  }

  @Override
  public Integer parse(InputStream stream) {
    final int length = buffer.fill(stream);
    try {
      final CodedInputStream in = CodedInputStream.newInstance(buffer.array(), 0, length);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (WireFormat.getTagFieldNumber(tag)) {
          case AttachResponse.EVENTS_FIELD_NUMBER -> {
            within(in, EventBatch.EVENTS_FIELD_NUMBER, this::event);
            sink.message(length);
          }
          case AttachResponse.GAP_FIELD_NUMBER -> throw new IllegalStateException("a gap");
          case AttachResponse.CAUGHT_UP_FIELD_NUMBER -> {
            in.skipField(tag);
            caughtUp.countDown();
          }
          default -> in.skipField(tag);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return length;
  }

  /** What is done with a field whose tag has been read. */
  private interface Field {
    void read(CodedInputStream in) throws IOException;
  }

  /** Reads a message within the message, of whose fields only one kind matters. */
  private static void within(CodedInputStream in, int wanted, Field field) throws IOException {
    final int limit = in.pushLimit(in.readRawVarint32());
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == wanted) {
        field.read(in);
      } else {
        in.skipField(tag);
      }
    }
    in.popLimit(limit);
  }

  private void event(CodedInputStream in) throws IOException {
    within(in, Event.OUTPUT_FIELD_NUMBER, this::output);
  }

  private void output(CodedInputStream in) throws IOException {
    final int limit = in.pushLimit(in.readRawVarint32());
    long offset = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case Output.OFFSET_FIELD_NUMBER -> offset = in.readUInt64();
        case Output.DATA_FIELD_NUMBER -> {
          final int count = in.readRawVarint32();
          print(offset, in.getTotalBytesRead(), count);
          in.skipRawBytes(count);
        }
        default -> in.skipField(tag);
      }
    }
    in.popLimit(limit);
  }

  private void print(long offset, int from, int count) {
    if (expected >= 0 && offset != expected) {
      throw new IllegalStateException(
          "output at " + offset + " where " + expected + " was expected");
    }
    expected = offset + count;
    lastPrintedNanos = System.nanoTime();
    received += count;
    printed = received;
    sink.printed(this, buffer.array(), from, count);
  }
}
