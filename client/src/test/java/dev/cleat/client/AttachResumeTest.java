package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.client.CleatException.Code;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What an attachment makes of every way in which a stream can end or lie. */
class AttachResumeTest {
  private final ScriptedService service = new ScriptedService();
  private final Recorder recorder = new Recorder();
  private LoopbackServer server = new LoopbackServer(service);
  private CleatClient client = client(Duration.ofSeconds(30));

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private CleatClient client(Duration retryFor) {
    return CleatClient.builder()
        .target(server.target())
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
        .retryFor(retryFor)
        .build();
  }

  private Attachment attach(AttachOptions options) {
    return LoopbackServer.session(client).attach(options, recorder);
  }

  private Attachment attach() {
    return attach(AttachOptions.fromBeginning().readOnly());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAVAILABLE", "INTERNAL", "UNKNOWN", "ABORTED", "CANCELLED", "DEADLINE_EXCEEDED"})
  void passingFailuresAreResumedBehindTheLastEvent(Status.Code code) throws Exception {
    service
        .then(c -> c.attached().events(1, 2).fail(code.toStatus().asRuntimeException()))
        .then(c -> c.attached().events(3).ended());

    assertThat(Recorder.end(attach()).reason()).isEqualTo(AttachEnd.Reason.EXITED);
    assertThat(recorder.calls)
        .containsExactly(
            "attached",
            "output 1",
            "output 2",
            "reconnecting 1",
            "reconnected",
            "output 3",
            "ended EXITED");
    assertThat(recorder.text()).isEqualTo("abc");
    assertThat(service.opens.get(1).getAfterSeq()).isEqualTo(2);
    assertThat(service.opens.get(1).getEpoch()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {
        "NOT_FOUND",
        "PERMISSION_DENIED",
        "INVALID_ARGUMENT",
        "FAILED_PRECONDITION",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "DATA_LOSS",
        "UNAUTHENTICATED",
        "RESOURCE_EXHAUSTED"
      })
  void lastingFailuresAreFinalAndToldOnce(Status.Code code) throws Exception {
    service.then(c -> c.attached().events(1).fail(Failures.of(code, "SOME_REASON")));

    CleatException failure = Recorder.failure(attach());
    assertThat(failure.code().name()).isEqualTo(code.name());
    assertThat(failure.reason()).isEqualTo("SOME_REASON");
    assertThat(failure.metadata()).containsEntry("session_id", "s");
    assertThat(recorder.calls).containsExactly("attached", "output 1", "error " + code);
    assertThat(service.opens).hasSize(1);
  }

  @Test
  void aReplacedWriterIsNotResumed() throws Exception {
    service.then(c -> c.attached().fail(Failures.of(Status.Code.ABORTED, "WRITER_REPLACED")));

    assertThat(Recorder.failure(attach(AttachOptions.fromBeginning())).reason())
        .isEqualTo("WRITER_REPLACED");
    assertThat(service.opens).hasSize(1);
  }

  @Test
  void exhaustionIsResumedAfterTheTimeTheServerSaid() throws Exception {
    service
        .then(c ->
            c.fail(
                Failures.retryAfter(
                    Status.Code.RESOURCE_EXHAUSTED, "TOO_MANY_CLIENTS", Duration.ofMillis(300))))
        .then(c -> c.attached().ended());
    long start = System.nanoTime();

    Recorder.end(attach());
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(300));
    assertThat(recorder.calls).containsExactly("reconnecting 1", "attached", "ended EXITED");
  }

  @Test
  void aDrainedStreamIsResumed() throws Exception {
    service.then(c -> c.attached().events(1).drained()).then(c -> c.attached().events(2).ended());

    Recorder.end(attach());
    assertThat(recorder.seqs).containsExactly(1L, 2L);
  }

  @Test
  void attemptsCountFromTheLastEvent() throws Exception {
    service
        .then(ScriptedService.Call::unavailable)
        .then(c -> c.attached().unavailable())
        .then(c -> c.attached().caughtUp(0).unavailable())
        .then(c -> c.attached().caughtUp(0).events(1).unavailable())
        .then(ScriptedService.Call::unavailable)
        .then(c -> c.attached().ended());

    Recorder.end(attach());
    assertThat(recorder.calls.stream().filter(c -> c.startsWith("reconnecting")))
        .containsExactly(
            "reconnecting 1",
            "reconnecting 2",
            "reconnecting 3",
            "reconnecting 1",
            "reconnecting 2");
    assertThat(recorder.calls.stream().filter(c -> c.startsWith("caught up"))).hasSize(1);
  }

  @Test
  void anUnreachableServerIsSaidWithTheLastFailureWhenTheTimeIsUp() throws Exception {
    client.close();
    client = client(Duration.ofMillis(200));
    server.down();

    CleatException failure = Recorder.failure(attach());
    assertThat(failure.code()).isEqualTo(Code.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("refused");
    server.up();
  }

  @Test
  void aRestartedServerIsFoundAgain() throws Exception {
    service.then(c -> c.attached().events(1)).then(c -> c.attached().events(2).ended());
    Attachment attachment = attach();
    await().until(() -> recorder.seqs.size() == 1);

    server.down();
    await().until(() -> recorder.calls.contains("reconnecting 2"));
    server.up();

    Recorder.end(attachment);
    assertThat(recorder.seqs).containsExactly(1L, 2L);
  }

  @Test
  void aServerThatGoesAwayFinishesItsStreams() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    service.then(c -> {
      c.attached().events(1);
      gone.await();
      c.events(2).ended();
    });
    Attachment attachment = attach();
    await().until(() -> recorder.seqs.size() == 1);

    server.goAway();
    gone.countDown();

    Recorder.end(attachment);
    assertThat(recorder.calls).containsExactly("attached", "output 1", "output 2", "ended EXITED");
  }

  @ParameterizedTest
  @CsvSource({"1 3", "1 1", "2", "1 2 2", "1 2 1"})
  void aHoleOrARepetitionEndsTheAttachmentUndelivered(String numbers) throws Exception {
    long[] seqs = List.of(numbers.split(" ")).stream().mapToLong(Long::parseLong).toArray();
    service.then(c -> c.attached().events(seqs));

    assertThat(Recorder.failure(attach()).reason()).isEqualTo(CleatException.PROTOCOL_VIOLATION);
    for (int i = 0; i < recorder.seqs.size(); i++) {
      assertThat(recorder.seqs.get(i)).isEqualTo(i + 1L);
    }
    assertThat(recorder.seqs.size()).isLessThan(seqs.length);
  }

  @Test
  void aHeartbeatThatPromisesWhatDidNotComeEndsTheAttachment() throws Exception {
    service.then(c -> c.attached().events(1).heartbeat(3));

    assertThat(Recorder.failure(attach()).reason()).isEqualTo(CleatException.PROTOCOL_VIOLATION);
  }

  @Test
  void aStreamThatDoesNotBeginWithAttachedEndsTheAttachment() throws Exception {
    service.then(c -> c.events(1));

    assertThat(Recorder.failure(attach()).reason()).isEqualTo(CleatException.PROTOCOL_VIOLATION);
    assertThat(recorder.seqs).isEmpty();
  }

  @Test
  void aSilentConnectionIsLeft() throws Exception {
    service.then(c -> c.attached().events(1)).then(c -> c.attached().events(2).ended());

    Recorder.end(attach(AttachOptions.fromBeginning().readOnly().heartbeat(Duration.ofSeconds(4))));
    assertThat(recorder.causes)
        .extracting(CleatException::reason)
        .containsExactly(CleatException.SILENT);
    assertThat(recorder.seqs).containsExactly(1L, 2L);
  }

  @Test
  void aListenerThatThrowsEndsTheAttachment() throws Exception {
    service.then(c -> c.attached().events(1, 2));
    RuntimeException thrown = new IllegalStateException("the listener's own");
    Recorder throwing =
        new Recorder() {
          @Override
          public void onOutput(OutputChunk output) {
            throw thrown;
          }
        };

    CleatException failure =
        Recorder.failure(
            LoopbackServer.session(client)
                .attach(AttachOptions.fromBeginning().readOnly(), throwing));
    assertThat(failure.reason()).isEqualTo(CleatException.LISTENER_FAILED);
    assertThat(failure).hasCause(thrown);
    assertThat(throwing.calls).containsExactly("attached", "error UNKNOWN");
  }

  @Test
  void closingInACallbackDeliversNothingMore() throws Exception {
    service.then(c -> c.attached().events(1, 2, 3));
    Recorder closing =
        new Recorder() {
          private @Nullable Attachment self;

          @Override
          public void onStart(Attachment attachment) {
            self = attachment;
          }

          @Override
          public void onOutput(OutputChunk output) {
            super.onOutput(output);
            Objects.requireNonNull(self).close();
          }
        };
    Attachment attachment =
        LoopbackServer.session(client).attach(AttachOptions.fromBeginning().readOnly(), closing);

    assertThat(Recorder.end(attachment).reason()).isEqualTo(AttachEnd.Reason.CLOSED);
    assertThat(closing.calls).containsExactly("attached", "output 1", "ended CLOSED");
    assertThat(attachment.position()).isEqualTo(new Position(1, 1));
  }

  @Test
  void aChannelThatItsOwnerShutsDownEndsTheAttachment() throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(server.target(), InsecureChannelCredentials.create()).build();
    service.then(c -> c.attached().events(1));
    try (CleatClient its = CleatClient.builder().channel(channel).build()) {
      Attachment attachment =
          LoopbackServer.session(its).attach(AttachOptions.fromBeginning().readOnly(), recorder);
      await().until(() -> recorder.seqs.size() == 1);
      channel.shutdownNow();
      assertThat(Recorder.failure(attachment).code()).isEqualTo(Code.UNAVAILABLE);
    }
    assertThat(channel.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void closingTheClientEndsAttachmentsThatWaitForTheirNextTry() throws Exception {
    client.close();
    client =
        CleatClient.builder()
            .target(server.target())
            .backOff(Duration.ofHours(1), Duration.ofHours(1))
            .retryFor(Duration.ofDays(1))
            .build();
    service.then(ScriptedService.Call::unavailable);
    Attachment attachment = attach();
    await().until(() -> recorder.calls.contains("reconnecting 1"));

    client.close();
    assertThat(attachment.done().get(60, TimeUnit.SECONDS).reason())
        .isEqualTo(AttachEnd.Reason.CLOSED);
  }
}
