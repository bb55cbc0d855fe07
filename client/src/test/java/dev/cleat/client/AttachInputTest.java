package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.InputRange;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of input whatever the server says about it. */
class AttachInputTest {
  private final ScriptedService service = new ScriptedService();
  private final Recorder recorder = new Recorder();
  private final LoopbackServer server = new LoopbackServer(service);
  private final List<AttachRequest> taken = new CopyOnWriteArrayList<>();
  private final CleatClient client =
      CleatClient.builder()
          .target(server.target())
          .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
          .build();

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private Attachment attach(AttachOptions options) {
    return LoopbackServer.session(client).attach(options, recorder);
  }

  private static CompletableFuture<Void> track(Attachment attachment, String text) {
    return attachment.sendTracked(text.getBytes(StandardCharsets.UTF_8));
  }

  private void take(ScriptedService.Call call) throws InterruptedException {
    taken.add(call.take());
  }

  private List<String> typed() {
    return taken.stream()
        .filter(AttachRequest::hasInput)
        .map(r ->
            r.getInput().getInputSeq() + r.getInput().getData().toString(StandardCharsets.UTF_8))
        .toList();
  }

  @Test
  void aLostAcknowledgementTypesNothingTwice() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          take(c);
          c.unavailable();
        })
        .then(c -> {
          c.attached(1, 0, 2);
          take(c);
          c.acknowledge(2, false);
        });
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      CompletableFuture<Void> first = track(attachment, "a");
      CompletableFuture<Void> second = track(attachment, "b");
      first.get(60, TimeUnit.SECONDS);
      second.get(60, TimeUnit.SECONDS);
    }
    assertThat(typed()).containsExactly("1a", "2b", "2b");
    assertThat(service.opens.get(1).getWriterId())
        .isEqualTo(service.opens.get(0).getWriterId())
        .isNotEmpty();
  }

  @Test
  void inputOfAForgottenWriterIsInDoubtAndNotTypedAgain() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          c.acknowledge(1, false);
          take(c);
          c.unavailable();
        })
        .then(c -> c.attached(1, 0, 1))
        .then(c -> {
          c.attached();
          take(c);
          c.acknowledge(1, false);
        });
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      track(attachment, "a").get(60, TimeUnit.SECONDS);
      CompletableFuture<Void> doubtful = track(attachment, "bcd");

      assertThatThrownBy(() -> doubtful.get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOfSatisfying(
              InputUncertainException.class, e -> assertThat(e.uncertainBytes()).isEqualTo(3));
      track(attachment, "e").get(60, TimeUnit.SECONDS);
    }
    assertThat(recorder.calls).contains("uncertain");
    assertThat(typed()).containsExactly("1a", "2bcd", "1e");
    assertThat(service.opens.get(1).getWriterId()).isEqualTo(service.opens.get(0).getWriterId());
    assertThat(service.opens.get(2).getWriterId()).isNotEqualTo(service.opens.get(0).getWriterId());
  }

  @Test
  void theFirstInputOfAForgottenWriterIsInDoubtTooAndThatOfAKnownOneIsTyped() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          c.unavailable();
        })
        .then(c -> {
          c.attachedAgain(1);
          take(c);
          c.unavailable();
        })
        .then(c -> c.attached())
        .then(c -> c.attached());
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      CompletableFuture<Void> doubtful = track(attachment, "a");
      assertThatThrownBy(() -> doubtful.get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(InputUncertainException.class);
      await().until(() -> service.opens.size() == 4);
    }
    assertThat(typed()).containsExactly("1a", "1a");
    assertThat(service.opens.get(2).getWriterId()).isEqualTo(service.opens.get(0).getWriterId());
    assertThat(service.opens.get(3).getWriterId()).isNotEqualTo(service.opens.get(0).getWriterId());
  }

  @Test
  void discardedInputWhoseAcknowledgementWasLostIsSaid() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          take(c);
          take(c);
          c.unavailable();
        })
        .then(
            c -> c.attachedAgain(4, InputRange.newBuilder().setFirstSeq(2).setLastSeq(2).build()));
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      CompletableFuture<Void> first = track(attachment, "a");
      CompletableFuture<Void> second = track(attachment, "b");
      CompletableFuture<Void> third = track(attachment, "c");
      first.get(60, TimeUnit.SECONDS);
      third.get(60, TimeUnit.SECONDS);
      assertThatThrownBy(() -> second.get(60, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              CleatException.class,
              e -> assertThat(e.reason()).isEqualTo(CleatException.INPUT_DISCARDED));
      assertFlushThrows(attachment, CleatException.INPUT_DISCARDED);
    }
    assertThat(typed()).containsExactly("1a", "2b", "3c");
  }

  @Test
  void inputThatNeverLeftIsTypedThoughTheWriterIsForgotten() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          c.acknowledge(1, false).events(1).unavailable();
        })
        .then(c -> c.attached(1, 0, 1))
        .then(c -> {
          c.attached();
          take(c);
          c.acknowledge(1, false);
        });
    CountDownLatch queued = new CountDownLatch(1);
    Recorder holding =
        new Recorder() {
          @Override
          public void onReconnecting(CleatException cause, int attempt, Duration delay) {
            try {
              queued.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    try (Attachment attachment =
        LoopbackServer.session(client).attach(AttachOptions.fromBeginning(), holding)) {
      track(attachment, "a").get(60, TimeUnit.SECONDS);
      await().until(() -> holding.seqs.size() == 1);
      await().until(() -> service.opens.size() == 1);
      CompletableFuture<Void> later = track(attachment, "b");
      queued.countDown();
      // Whether it left with the old call depends on when that call's end was noticed; in doubt it
      // must not be typed.
      try {
        later.get(60, TimeUnit.SECONDS);
        assertThat(typed()).containsExactly("1a", "1b");
        assertThat(holding.calls).doesNotContain("uncertain");
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(InputUncertainException.class);
        assertThat(typed()).containsExactly("1a");
      }
    }
  }

  @Test
  void discardedInputIsSaid() throws Exception {
    service.then(c -> {
      c.attached();
      take(c);
      c.acknowledge(1, true);
      take(c);
      c.acknowledge(2, false);
    });
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      CompletableFuture<Void> first = track(attachment, "a");
      assertThatThrownBy(() -> first.get(60, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              CleatException.class,
              e -> assertThat(e.reason()).isEqualTo(CleatException.INPUT_DISCARDED));
      track(attachment, "b").get(60, TimeUnit.SECONDS);
    }
  }

  private static void assertFlushThrows(Attachment attachment, String reason) {
    assertThatThrownBy(() -> attachment.flush(Duration.ofSeconds(60)))
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void flushSaysThatInputWasDiscardedAndSaysItOnce() throws Exception {
    service.then(c -> {
      c.attached();
      take(c);
      c.acknowledge(1, true);
      take(c);
      c.acknowledge(2, false);
      take(c);
      c.acknowledge(3, true);
    });
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      CompletableFuture<Void> first = track(attachment, "a");
      CompletableFuture<Void> second = track(attachment, "b");
      second.get(60, TimeUnit.SECONDS);
      await().until(first::isCompletedExceptionally);

      assertFlushThrows(attachment, CleatException.INPUT_DISCARDED);
      assertThat(attachment.flush(Duration.ZERO)).isTrue();

      attachment.send("c");
      assertFlushThrows(attachment, CleatException.INPUT_DISCARDED);
      assertThat(attachment.flush(Duration.ZERO)).isTrue();
    }
  }

  @Test
  void flushSaysThatInputBecameUncertainBeforeIt() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          c.acknowledge(1, false);
          take(c);
          c.unavailable();
        })
        .then(c -> c.attached(1, 0, 1))
        .then(c -> c.attached());
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      track(attachment, "a").get(60, TimeUnit.SECONDS);
      CompletableFuture<Void> doubtful = track(attachment, "b");
      await().until(doubtful::isDone);
      assertThatThrownBy(() -> attachment.flush(Duration.ZERO))
          .isInstanceOf(InputUncertainException.class);
      assertThat(attachment.flush(Duration.ZERO)).isTrue();
    }
  }

  @Test
  void flushThatWaitsWhenTheSessionEndsFailsAndSoDoesEveryOneAfter() throws Exception {
    CountDownLatch sent = new CountDownLatch(1);
    service.then(c -> {
      c.attached();
      take(c);
      sent.await();
      c.ended();
    });
    Attachment attachment = attach(AttachOptions.fromBeginning());
    attachment.send("a");
    assertThat(attachment.flush(Duration.ZERO)).isFalse();
    CompletableFuture<Boolean> flushed =
        CompletableFuture.supplyAsync(() -> attachment.flush(Duration.ofSeconds(60)));
    sent.countDown();
    assertThatThrownBy(() -> flushed.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CleatException.class);
    Recorder.end(attachment);
    assertFlushThrows(attachment, CleatException.CLOSED);
    assertFlushThrows(attachment, CleatException.CLOSED);
  }

  @Test
  void flushOfWhatWasAppliedBeforeTheEndIsTrue() throws Exception {
    service.then(c -> {
      c.attached();
      take(c);
      c.acknowledge(1, false).ended();
    });
    Attachment attachment = attach(AttachOptions.fromBeginning());
    attachment.send("exit");
    Recorder.end(attachment);
    assertThat(attachment.flush(Duration.ZERO)).isTrue();
  }

  @Test
  void inputOfWhichTheBeginningWasDiscardedIsNotApplied() throws Exception {
    service.then(c -> {
      c.attached();
      take(c);
      c.acknowledge(1, true);
      take(c);
      c.acknowledge(2, false);
    });
    try (Attachment attachment = attach(AttachOptions.fromBeginning())) {
      CompletableFuture<Void> halved =
          attachment.sendTracked(new byte[InputWriter.PIECE_BYTES + 1]);
      assertThatThrownBy(() -> halved.get(60, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(
              CleatException.class,
              e -> assertThat(e.reason()).isEqualTo(CleatException.INPUT_DISCARDED));
    }
  }

  @Test
  void aServerThatExpectsInputThatNeverWasBreaksTheContract() throws Exception {
    service.then(c -> c.attached(1, 0, 5));
    assertThat(Recorder.failure(attach(AttachOptions.fromBeginning())).reason())
        .isEqualTo(CleatException.PROTOCOL_VIOLATION);
  }

  @Test
  void inputIsBounded() throws Exception {
    CountDownLatch acknowledge = new CountDownLatch(1);
    service.then(c -> {
      c.attached();
      take(c);
      acknowledge.await();
      c.acknowledge(1, false);
      take(c);
      c.acknowledge(2, false);
    });
    try (Attachment attachment = attach(AttachOptions.fromBeginning().inputBuffer(10))) {
      attachment.send("12345678");
      assertThatThrownBy(
              () -> attachment.send("90a".getBytes(StandardCharsets.UTF_8), Duration.ZERO))
          .isInstanceOfSatisfying(
              CleatException.class, e -> assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED));
      assertThat(attachment.flush(Duration.ofMillis(1))).isFalse();

      CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> attachment.send("90a"));
      acknowledge.countDown();
      waiting.get(60, TimeUnit.SECONDS);
      assertThat(attachment.flush(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(typed()).containsExactly("112345678", "290a");
  }

  @Test
  void inputLargerThanTheBufferGoesInPieces() throws Exception {
    FakeService fake = new FakeService();
    byte[] data = new byte[3 << 20];
    new Random(7).nextBytes(data);
    try (LoopbackServer other = new LoopbackServer(fake);
        CleatClient its = CleatClient.connect(other.target());
        Attachment attachment =
            LoopbackServer.session(its)
                .attach(AttachOptions.fromBeginning().inputBuffer(100_000), recorder)) {
      attachment.sendTracked(data).get(60, TimeUnit.SECONDS);
    }
    assertThat(Arrays.equals(fake.typed(), data)).isTrue();
  }

  @Test
  void sendsOfSeveralThreadsAreAppliedWhole() throws Exception {
    FakeService fake = new FakeService();
    byte[] a = "a".repeat(200_000).getBytes(StandardCharsets.UTF_8);
    byte[] b = "b".repeat(200_000).getBytes(StandardCharsets.UTF_8);
    try (LoopbackServer other = new LoopbackServer(fake);
        CleatClient its = CleatClient.connect(other.target());
        Attachment attachment =
            LoopbackServer.session(its)
                .attach(AttachOptions.fromBeginning().inputBuffer(70_000), recorder)) {
      CompletableFuture<?> one = CompletableFuture.runAsync(() -> attachment.send(a));
      CompletableFuture<?> two = CompletableFuture.runAsync(() -> attachment.send(b));
      CompletableFuture.allOf(one, two).get(60, TimeUnit.SECONDS);
      assertThat(attachment.flush(Duration.ofSeconds(60))).isTrue();
    }
    String typed = new String(fake.typed(), StandardCharsets.UTF_8);
    assertThat(typed).matches("(a{200000}b{200000})|(b{200000}a{200000})");
  }

  @Test
  void theNewestSizeIsSaidAgainAfterACut() throws Exception {
    service
        .then(c -> {
          c.attached();
          take(c);
          take(c);
          c.unavailable();
        })
        .then(c -> c.attached().ended());
    Attachment attachment = attach(AttachOptions.fromBeginning().size(24, 80));
    await().until(() -> recorder.calls.contains("attached"));
    attachment.resize(30, 100);
    await().until(() -> taken.size() == 1);
    attachment.resize(40, 120);
    Recorder.end(attachment);

    assertThat(service.opens.get(0).getSize().getRows()).isEqualTo(24);
    assertThat(taken).extracting(r -> r.getResize().getRows()).containsExactly(30, 40);
    assertThat(service.opens.get(1).getSize().getColumns()).isEqualTo(120);
  }

  @Test
  void aCallbackMayWaitForItsInputToBeApplied() throws Exception {
    service.then(c -> {
      c.attached().events(1);
      take(c);
      c.acknowledge(1, false).ended();
    });
    Recorder answering =
        new Recorder() {
          private @Nullable Attachment self;

          @Override
          public void onStart(Attachment attachment) {
            self = attachment;
          }

          @Override
          public void onOutput(OutputChunk output) {
            track(Objects.requireNonNull(self), "y").orTimeout(60, TimeUnit.SECONDS).join();
            super.onOutput(output);
          }
        };
    Attachment attachment =
        LoopbackServer.session(client).attach(AttachOptions.fromBeginning(), answering);
    Recorder.end(attachment);
    assertThat(answering.calls).containsExactly("attached", "output 1", "ended EXITED");
  }

  @Test
  void inputThatWaitsWhenTheSessionEndsFails() throws Exception {
    service.then(c -> {
      c.attached();
      take(c);
      c.ended();
    });
    Attachment attachment = attach(AttachOptions.fromBeginning());
    CompletableFuture<Void> lost = track(attachment, "a");
    assertThatThrownBy(() -> lost.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CleatException.class);
    Recorder.end(attachment);
    assertThatThrownBy(() -> attachment.send("b")).isInstanceOf(CleatException.class);
  }

  @Test
  void aWatcherNeitherTypesNorResizes() throws Exception {
    service.then(c -> c.attached().ended());
    Attachment attachment = attach(AttachOptions.fromBeginning().readOnly());
    assertThatThrownBy(() -> attachment.send("a")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> attachment.resize(1, 1)).isInstanceOf(IllegalStateException.class);
    Recorder.end(attachment);
    assertThat(service.opens.get(0).getWriterId()).isEmpty();
    assertThat(service.opens.get(0).getReadOnly()).isTrue();
  }
}
