package dev.cleat.server.rpc;

import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Event;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceStub;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** An Attach that keeps everything it gets. */
class AttachStream implements StreamObserver<AttachResponse> {
  private final List<AttachResponse> responses = new CopyOnWriteArrayList<>();
  private final StreamObserver<AttachRequest> requests;
  private volatile @Nullable Throwable error;
  private volatile boolean completed;

  AttachStream(TestServer server, AttachOpen open) {
    this(server, AttachRequest.newBuilder().setOpen(open).build());
  }

  AttachStream(TestServer server, AttachRequest first) {
    this(server.streams(), first);
  }

  AttachStream(SessionServiceStub calls, AttachRequest first) {
    requests = calls.attach(this);
    requests.onNext(first);
  }

  StreamObserver<AttachRequest> requests() {
    return requests;
  }

  @Override
  public void onNext(AttachResponse response) {
    responses.add(response);
  }

  @Override
  public void onError(Throwable cause) {
    error = cause;
  }

  @Override
  public void onCompleted() {
    completed = true;
  }

  List<AttachResponse> responses() {
    return List.copyOf(responses);
  }

  List<Event> events() {
    final List<Event> events = new ArrayList<>();
    responses.forEach(response -> events.addAll(response.getEvents().getEventsList()));
    return events;
  }

  byte[] output() {
    final ByteArrayOutputStream all = new ByteArrayOutputStream();
    events().forEach(event -> all.writeBytes(event.getOutput().getData().toByteArray()));
    return all.toByteArray();
  }

  String text() {
    return new String(output(), StandardCharsets.UTF_8);
  }

  AttachStream await(Predicate<AttachStream> condition) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> condition.test(this));
    return this;
  }

  AttachStream awaitText(String text) {
    return await(stream -> stream.text().contains(text));
  }

  AttachStream awaitEnd() {
    return await(stream -> stream.completed || stream.error != null);
  }

  Optional<Throwable> error() {
    return Optional.ofNullable(error);
  }

  /** How it was refused, once it has been. */
  Refused refused() {
    return Refused.of(awaitEnd().error);
  }

  Status status() {
    return error == null ? Status.OK : Status.fromThrowable(error);
  }

  AttachResponse last() {
    return responses.getLast();
  }
}
