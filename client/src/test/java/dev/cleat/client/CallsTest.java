package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import dev.cleat.client.CleatException.Code;
import dev.cleat.client.CleatException.FieldViolation;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.DeleteResponse;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetResponse;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.InterruptResponse;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendInputResponse;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.StopResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Unary calls: what is tried again, and what a failure says. */
class CallsTest {

  /** Fails as told before, or after, having done what it was asked to. */
  private static final class Unreliable extends SessionServiceGrpc.SessionServiceImplBase {
    final Queue<StatusRuntimeException> before = new ArrayDeque<>();
    final Queue<StatusRuntimeException> after = new ArrayDeque<>();
    final List<String> done = new ArrayList<>();
    private boolean deleted;

    private synchronized <T> void answer(StreamObserver<T> responses, String what, T response) {
      StatusRuntimeException failure = before.poll();
      if (failure == null) {
        done.add(what);
        failure = after.poll();
      }
      if (failure == null) {
        responses.onNext(response);
        responses.onCompleted();
      } else {
        responses.onError(failure);
      }
    }

    private static dev.cleat.v1.Session.Builder session(String id) {
      return dev.cleat.v1.Session.newBuilder()
          .setId(id)
          .setState(SessionState.SESSION_STATE_RUNNING);
    }

    @Override
    public void create(CreateRequest request, StreamObserver<CreateResponse> responses) {
      answer(
          responses,
          "create " + request.getRequestId(),
          CreateResponse.newBuilder().setSession(session("new")).build());
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> responses) {
      answer(
          responses,
          "get",
          GetResponse.newBuilder().setSession(session(request.getSessionId())).build());
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> responses) {
      int page = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
      answer(
          responses,
          "list " + page,
          ListResponse.newBuilder()
              .addSessions(session("s" + page))
              .setNextPageToken(page == 2 ? "" : String.valueOf(page + 1))
              .build());
    }

    @Override
    public void interrupt(InterruptRequest request, StreamObserver<InterruptResponse> responses) {
      answer(responses, "interrupt", InterruptResponse.getDefaultInstance());
    }

    @Override
    public void stop(StopRequest request, StreamObserver<StopResponse> responses) {
      answer(
          responses,
          "stop, by force after " + request.getGracePeriod().getSeconds() + " s",
          StopResponse.getDefaultInstance());
    }

    @Override
    public void sendInput(SendInputRequest request, StreamObserver<SendInputResponse> responses) {
      answer(
          responses,
          "input " + request.getWriterId() + " " + request.getInputSeq(),
          SendInputResponse.getDefaultInstance());
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<DeleteResponse> responses) {
      if (deleted) {
        responses.onError(Failures.of(Status.Code.NOT_FOUND, "SESSION_NOT_FOUND"));
        return;
      }
      deleted = true;
      answer(responses, "delete", DeleteResponse.getDefaultInstance());
    }
  }

  private final Unreliable service = new Unreliable();
  private final LoopbackServer server = new LoopbackServer(service);
  private final CleatClient client = quick().build();

  private CleatClientBuilder quick() {
    return CleatClient.builder()
        .target(server.target())
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20));
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static StatusRuntimeException unavailable() {
    return Status.UNAVAILABLE.asRuntimeException();
  }

  @Test
  void creatingIsTriedAgainUnderTheSameRequestId() {
    service.after.add(unavailable());
    service.after.add(Status.INTERNAL.withDescription("RST_STREAM").asRuntimeException());

    assertThat(client.create("bash").id()).isEqualTo("new");
    assertThat(service.done).hasSize(3);
    assertThat(service.done.stream().distinct()).hasSize(1);
    assertThat(service.done.get(0)).hasSizeGreaterThan("create ".length());
  }

  @Test
  void inputOutsideAnAttachmentWhoseAnswerWasLostIsInDoubtAndNotTypedAgain() {
    Session session = LoopbackServer.session(client);
    for (Status lost : List.of(Status.UNAVAILABLE, Status.INTERNAL, Status.UNKNOWN)) {
      service.after.add(lost.asRuntimeException());
      assertThatThrownBy(() -> session.sendInput(new byte[] {1, 2}))
          .isInstanceOfSatisfying(
              InputUncertainException.class, e -> assertThat(e.uncertainBytes()).isEqualTo(2));
    }
    assertThat(service.done).hasSize(3);
    assertThat(service.done.stream().distinct()).hasSize(3);
  }

  @Test
  void inputOutsideAnAttachmentIsTriedAgainWhileItIsRefused() {
    service.before.add(
        Failures.retryAfter(Status.Code.RESOURCE_EXHAUSTED, "INPUT_FULL", Duration.ofMillis(5)));
    service.before.add(Failures.of(Status.Code.UNAVAILABLE, "DRAINING"));
    LoopbackServer.session(client).sendInput(new byte[] {1});
    assertThat(service.done).hasSize(1);
  }

  @Test
  void inputOutsideAnAttachmentWaitsForAServerThatIsNotThere() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    try (CleatClient patient = quick().intercept(counting(calls)).build()) {
      server.down();
      CompletableFuture<Void> typed =
          CompletableFuture.runAsync(
              () -> LoopbackServer.session(patient).sendInput(new byte[] {1}));
      await().until(() -> calls.get() > 2);
      server.up();
      typed.get(60, TimeUnit.SECONDS);
    }
    assertThat(service.done).hasSize(1);
  }

  @Test
  void inputThatNeverLeftIsNotInDoubt() {
    try (CleatClient impatient = quick().retryFor(Duration.ZERO).build()) {
      server.down();
      assertThatThrownBy(() -> LoopbackServer.session(impatient).sendInput(new byte[] {1}))
          .isInstanceOf(CleatException.class)
          .isNotInstanceOf(InputUncertainException.class);
    }
  }

  @Test
  void anInterruptIsOnlyRepeatedWhenTheServerRefusedIt() {
    Session session = LoopbackServer.session(client);
    service.before.add(Failures.of(Status.Code.UNAVAILABLE, "DRAINING"));
    session.interrupt();
    assertThat(service.done).containsExactly("interrupt");

    service.after.add(unavailable());
    assertThatThrownBy(session::interrupt).isInstanceOf(CleatException.class);
    assertThat(service.done).containsExactly("interrupt", "interrupt");
  }

  @Test
  void howLongManySessionsMayTakeToEndDoesNotDependOnTheServer() {
    assertThat(client.stop(SessionQuery.all())).isEmpty();
    assertThat(service.done).containsExactly("stop, by force after 5 s");
  }

  @Test
  void aDeletionWhoseAnswerWasLostIsDone() {
    service.after.add(unavailable());
    LoopbackServer.session(client).delete();
    assertThat(service.done).containsExactly("delete");
    assertThatThrownBy(() -> LoopbackServer.session(client).delete())
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("SESSION_NOT_FOUND"));
  }

  @Test
  void aFailureSaysEverythingTheServerSaid() {
    StatusRuntimeException invalid =
        StatusProto.toStatusRuntimeException(
            com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.INVALID_ARGUMENT.value())
                .setMessage("2 fields are not valid")
                .addDetails(
                    Any.pack(
                        BadRequest.newBuilder()
                            .addFieldViolations(
                                BadRequest.FieldViolation.newBuilder()
                                    .setField("size.rows")
                                    .setDescription("at most 4,096"))
                            .build()))
                .build());
    service.before.add(invalid);

    CleatException failure =
        catchThrowableOfType(CleatException.class, () -> client.create("bash"));
    assertThat(failure)
        .hasMessage("2 fields are not valid")
        .hasCauseInstanceOf(StatusRuntimeException.class);
    assertThat(failure.code()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(failure.violations())
        .containsExactly(new FieldViolation("size.rows", "at most 4,096"));
    assertThat(service.done).isEmpty();
  }

  @Test
  void anExhaustedQuotaIsSaidAtOnce() {
    service.before.add(
        Failures.retryAfter(
            Status.Code.RESOURCE_EXHAUSTED, "TOO_MANY_SESSIONS", Duration.ofSeconds(2)));
    CleatException failure =
        catchThrowableOfType(CleatException.class, () -> client.create("bash"));
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(2));
  }

  @Test
  void aCallIsNotTriedLongerThanItMay() {
    try (CleatClient impatient = quick().retryFor(Duration.ZERO).build()) {
      service.before.add(unavailable());
      assertThatThrownBy(() -> impatient.session("s")).isInstanceOf(CleatException.class);
      assertThat(impatient.session("s").info().state()).isEqualTo(SessionInfo.State.RUNNING);
    }
    assertThat(service.done).containsExactly("get");
  }

  private static ClientInterceptor counting(AtomicInteger calls) {
    return new ClientInterceptor() {
      @Override
      public <Q, R> ClientCall<Q, R> interceptCall(
          MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        calls.incrementAndGet();
        return next.newCall(method, options);
      }
    };
  }

  @Test
  void aRestartOfTheServerIsWaitedFor() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    try (CleatClient patient = quick().intercept(counting(calls)).build()) {
      server.down();
      CompletableFuture<Session> found = CompletableFuture.supplyAsync(() -> patient.session("s"));
      await().until(() -> calls.get() > 2);
      server.up();
      assertThat(found.get(60, TimeUnit.SECONDS).id()).isEqualTo("s");
    }
  }

  @Test
  void listsAreReadToTheirEnd() {
    assertThat(client.list()).extracting(SessionInfo::id).containsExactly("s0", "s1", "s2");
  }

  @Test
  void aChannelOfTheCallersIsUsedAndLeftOpen() throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(server.target(), InsecureChannelCredentials.create()).build();
    try (CleatClient its = CleatClient.builder().channel(channel).build()) {
      assertThat(its.session("s").id()).isEqualTo("s");
    }
    assertThat(channel.isShutdown()).isFalse();
    channel.shutdownNow();
    assertThat(channel.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void interceptorsAreAroundEveryCall() {
    Metadata.Key<String> key = Metadata.Key.of("who", Metadata.ASCII_STRING_MARSHALLER);
    Metadata headers = new Metadata();
    headers.put(key, "me");
    List<String> seen = new ArrayList<>();
    ServerInterceptor reading =
        new ServerInterceptor() {
          @Override
          public <Q, R> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, R> call, Metadata metadata, ServerCallHandler<Q, R> next) {
            seen.add(String.valueOf(metadata.get(key)));
            return next.startCall(call, metadata);
          }
        };
    try (LoopbackServer other =
            new LoopbackServer(() -> ServerInterceptors.intercept(service.bindService(), reading));
        CleatClient its =
            CleatClient.builder()
                .target(other.target())
                .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
                .build()) {
      its.session("s");
      assertThat(
              its.grpc()
                  .sessions()
                  .get(GetRequest.newBuilder().setSessionId("t").build())
                  .getSession()
                  .getId())
          .isEqualTo("t");
    }
    assertThat(seen).containsExactly("me", "me");
  }
}
