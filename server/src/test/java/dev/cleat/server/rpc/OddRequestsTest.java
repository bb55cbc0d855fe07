package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_AHEAD_OF_HEAD;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.OUT_OF_RANGE;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.Start;
import dev.cleat.v1.Turn;
import dev.cleat.v1.UpdateRequest;
import dev.cleat.v1.WaitTurnRequest;
import dev.cleat.v1.WatchRequest;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** What no client sends that is right in its mind: none of it may be taken for a fault of ours. */
@Isolated // It looks at the log, or the processes, of the whole JVM.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OddRequestsTest {
  /** 2 to the 64th, less 1. */
  private static final long LARGEST = -1;

  /** As long as the contract lets a duration be. */
  private static final Duration TEN_THOUSAND_YEARS =
      Duration.newBuilder().setSeconds(315_576_000_000L).build();

  private TestServer server;
  private Session session;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.start(folder);
    session =
        calls()
            .create(
                CreateRequest.newBuilder()
                    .setTool("bash")
                    .putEnv("HOME", folder.toString())
                    .build())
            .getSession();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private SessionServiceBlockingStub calls() {
    return server.sessions();
  }

  private AttachOpen.Builder open() {
    return AttachOpen.newBuilder().setSessionId(session.getId());
  }

  private Refused refusedAttach(AttachOpen.Builder open) {
    return server.attach(open).refused();
  }

  @Test
  void aNumberThatIsNoValueOfItsEnumIsRefused() {
    Refused.by(() ->
            calls()
                .readEvents(
                    ReadEventsRequest.newBuilder()
                        .setSessionId(session.getId())
                        .addKindsValue(999)
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("kinds");
    Refused.by(() ->
            calls()
                .list(
                    ListRequest.newBuilder()
                        .setFilter(SessionFilter.newBuilder().addStatesValue(-1))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("filter.states");
    Refused.by(() ->
            calls()
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setSession(Session.newBuilder().setResizePolicyValue(77))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("resize_policy"))
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session.resize_policy");
    refusedAttach(open().addKindsValue(999))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("open.kinds");
  }

  @Test
  void theLargestNumberIsBeyondTheHeadAndNotBelowTheFirst() {
    refusedAttach(open().setAfterSeq(LARGEST))
        .with(OUT_OF_RANGE, ERROR_REASON_AHEAD_OF_HEAD)
        .metadata("after_seq", "18446744073709551615");
    Refused.by(() ->
            calls()
                .readEvents(
                    ReadEventsRequest.newBuilder()
                        .setSessionId(session.getId())
                        .setAfterSeq(LARGEST)
                        .build()))
        .with(OUT_OF_RANGE, ERROR_REASON_AHEAD_OF_HEAD);
    Refused.by(
            () -> calls().watch(WatchRequest.newBuilder().setAfterSeq(LARGEST).build()).hasNext())
        .with(OUT_OF_RANGE, ERROR_REASON_AHEAD_OF_HEAD);
  }

  @Test
  void asManyLastEventsAsCanBeSaidAreAllThereAre() {
    final AttachStream stream =
        new AttachStream(server, open().setStart(Start.newBuilder().setLastEvents(LARGEST)).build())
            .await(s -> s.responses().stream().anyMatch(AttachResponse::hasCaughtUp));
    assertThat(stream.events().getFirst().getSeq()).isEqualTo(1);
  }

  @Test
  void aWaitMayBeLongerThanNanosecondsCount() {
    final Turn turn = server.prompter().send(session.getId(), "true");
    final Turn ended =
        calls()
            .waitTurn(
                WaitTurnRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setTurnId(turn.getId())
                    .setTimeout(TEN_THOUSAND_YEARS)
                    .build())
            .getTurn();
    assertThat(ended.hasEndTime()).isTrue();
  }

  /**
   * By default a client takes 8 KiB of trailers; at more it gives up the connection, and with it
   * every other call.
   */
  @Test
  void whatACallerWroteComesBackOnlyInPart() {
    final String name = "☃".repeat(5_000);
    final Refused unknown =
        Refused.by(() -> calls().get(GetRequest.newBuilder().setName(name).build()))
            .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    assertThat(unknown.message()).contains("☃☃☃").endsWith("…");
    assertThat(unknown.infos().getFirst().getMetadataOrThrow("name")).hasSizeLessThan(100);
  }

  @Test
  void ofManyMistakesTheFirstAreNamedAndTheRestAreCounted() {
    final CreateRequest.Builder request = CreateRequest.newBuilder().setTool("sh");
    for (int i = 0; i < 1_000; i++) {
      request.addArgs("\0");
    }
    final Refused refused =
        Refused.by(() -> calls().create(request.build()))
            .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
            .field("args[0]", "args[1]");
    refused.metadata("more_violations", String.valueOf(1_000 - refused.fields().size()));
  }

  @Test
  void aSideThatIsClosedAfterTheFirstMessageWasRefusedChangesNothing() {
    final Logger log = (Logger) LoggerFactory.getLogger("io.grpc.internal.SerializingExecutor");
    final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    try {
      final AttachStream refused = new AttachStream(server, AttachRequest.getDefaultInstance());
      refused.requests().onCompleted();
      refused.refused().with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST).field("open");
      // Over the same connection, and so after all of that.
      new AttachStream(server, open().build())
          .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
    } finally {
      log.detachAppender(lines);
    }
    assertThat(List.copyOf(lines.list)).isEmpty();
  }

  @Test
  void bytesThatAreNoMessageAreRefusedByEveryService() {
    for (MethodDescriptor<?, ?> method :
        List.of(
            HealthGrpc.getCheckMethod(),
            HealthGrpc.getWatchMethod(),
            ServerReflectionGrpc.getServerReflectionInfoMethod(),
            ChannelzGrpc.getGetServersMethod())) {
      final MethodDescriptor<byte[], byte[]> bytes =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(method.getFullMethodName())
              .setRequestMarshaller(new Bytes())
              .setResponseMarshaller(new Bytes())
              .build();
      Refused.by(() ->
              ClientCalls.blockingServerStreamingCall(
                      server.channel(), bytes, CallOptions.DEFAULT, new byte[] {0, 1, 2})
                  .hasNext())
          .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
          .field(
              method.getRequestMarshaller() instanceof MethodDescriptor.ReflectableMarshaller<?> of
                  ? of.getMessageClass().getSimpleName()
                  : "");
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      return new byte[0];
    }
  }
}
