package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendInputResponse;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ForwardingClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Calls that a channel cannot start, because another call's failure makes it idle just then. */
class FailedStartsTest {
  private static final int FAILURES = 3;

  /** A server, and a client whose first calls cannot be started. */
  private static final class Failing implements AutoCloseable {
    private final LoopbackServer server;
    private final FailingChannel channel;
    private final CleatClient client;

    Failing(BindableService service) {
      server = new LoopbackServer(service);
      channel =
          new FailingChannel(
              Grpc.newChannelBuilder(server.target(), InsecureChannelCredentials.create()).build());
      client =
          CleatClient.builder()
              .channel(channel)
              .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
              .build();
    }

    Session session() {
      return LoopbackServer.session(client);
    }

    @Override
    public void close() {
      client.close();
      channel.shutdownNow();
      await().until(channel::isTerminated);
      server.close();
    }
  }

  @Test
  void anAttachmentTriesAgain() throws Exception {
    ScriptedService service = new ScriptedService().then(c -> c.attached().events(1).ended());
    Recorder recorder = new Recorder();
    try (Failing failing = new Failing(service)) {
      Attachment attachment =
          failing.session().attach(AttachOptions.fromBeginning().readOnly(), recorder);

      assertThat(Recorder.end(attachment).reason()).isEqualTo(AttachEnd.Reason.EXITED);
    }
    assertThat(recorder.calls)
        .containsExactly(
            "reconnecting 1",
            "reconnecting 2",
            "reconnecting 3",
            "attached",
            "output 1",
            "ended EXITED");
    assertThat(recorder.causes)
        .extracting(CleatException::code)
        .containsOnly(CleatException.Code.UNAVAILABLE);
  }

  /** Also one that must not be made twice: it has certainly not begun. */
  @Test
  void aCallIsMadeAgain() throws Exception {
    AtomicInteger typed = new AtomicInteger();
    BindableService service =
        new SessionServiceGrpc.SessionServiceImplBase() {
          @Override
          public void sendInput(
              SendInputRequest request, StreamObserver<SendInputResponse> responses) {
            typed.incrementAndGet();
            responses.onNext(SendInputResponse.getDefaultInstance());
            responses.onCompleted();
          }
        };
    try (Failing failing = new Failing(service)) {
      failing.session().sendInput(new byte[] {1});
      assertThat(failing.channel.left.get()).isNegative();
    }
    assertThat(typed).hasValue(1);
  }

  /** As gRPC's does it: such a call is of no use for anything else. */
  private static final class FailingCall<Q, R> extends ForwardingClientCall<Q, R> {
    @Override
    protected ClientCall<Q, R> delegate() {
      throw new NullPointerException("delegate");
    }

    @Override
    public void start(Listener<R> listener, Metadata headers) {
      throw new IllegalStateException("Resolution is pending");
    }
  }

  private static final class FailingChannel extends ManagedChannel {
    private final ManagedChannel real;
    private final AtomicInteger left = new AtomicInteger(FAILURES);

    FailingChannel(ManagedChannel real) {
      this.real = real;
    }

    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
      return left.getAndDecrement() > 0 ? new FailingCall<>() : real.newCall(method, options);
    }

    @Override
    public ManagedChannel shutdown() {
      return real.shutdown();
    }

    @Override
    public boolean isShutdown() {
      return real.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return real.isTerminated();
    }

    @Override
    public ManagedChannel shutdownNow() {
      return real.shutdownNow();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return real.awaitTermination(timeout, unit);
    }

    @Override
    public String authority() {
      return real.authority();
    }

    @Override
    public ConnectivityState getState(boolean connect) {
      return real.getState(connect);
    }

    @Override
    public void enterIdle() {
      real.enterIdle();
    }
  }
}
