package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.v1.GapReason;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The faces of an attachment that are read by pulling. */
class EventStreamTest {
  private final ScriptedService service = new ScriptedService();
  private final LoopbackServer server = new LoopbackServer(service);
  private final CleatClient client =
      CleatClient.builder()
          .target(server.target())
          .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
          .build();
  private final Session session = LoopbackServer.session(client);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void everythingIsDeliveredWithThePlaceBehindIt() {
    service
        .then(c ->
            c.attached(4, 3, 1).gap(1, 1, GapReason.GAP_REASON_RETENTION).events(2).unavailable())
        .then(c -> c.attached(4, 3, 1).events(3).caughtUp(3).ended());
    List<Delivery> all = new ArrayList<>();
    try (EventStream events = session.events(AttachOptions.fromBeginning())) {
      events.forEach(all::add);
      assertThat(events.ended()).isTrue();
      assertThat(events.next()).isNull();
    }
    assertThat(all)
        .extracting(Delivery::position)
        .containsExactly(
            new Position(4, 1), new Position(4, 2), new Position(4, 3), new Position(4, 3));
    assertThat(all.get(0)).isInstanceOf(Delivery.Missing.class);
    assertThat(all.get(3)).isInstanceOf(Delivery.CaughtUp.class);
  }

  @Test
  void aFailureComesBehindWhatWasDeliveredAndStays() {
    service.then(
        c -> c.attached().events(1).fail(Failures.of(Status.Code.NOT_FOUND, "SESSION_NOT_FOUND")));
    try (EventStream events = session.events(AttachOptions.fromBeginning())) {
      assertThat(events.next()).isInstanceOf(Delivery.Happened.class);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(events::next)
            .isInstanceOfSatisfying(
                CleatException.class, e -> assertThat(e.reason()).isEqualTo("SESSION_NOT_FOUND"));
      }
    }
  }

  @Test
  void aReaderThatWaitsIsWokenByClosing() throws Exception {
    service.then(ScriptedService.Call::attached);
    EventStream events = session.events(AttachOptions.fromBeginning());
    CompletableFuture<Boolean> woken = CompletableFuture.supplyAsync(() -> events.next() == null);
    assertThat(events.next(Duration.ofMillis(1))).isEmpty();
    events.close();
    assertThat(woken.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Recorder.end(events.attachment()).reason()).isEqualTo(AttachEnd.Reason.CLOSED);
  }

  @Test
  void closingFreesAnAttachmentThatWaitsForItsReader() throws Exception {
    long[] many = LongStream.rangeClosed(1, 1000).toArray();
    service.then(c -> c.attached().events(many));
    EventStream events = session.events(AttachOptions.fromBeginning());
    assertThat(events.next()).isNotNull();
    events.close();
    assertThat(Recorder.end(events.attachment()).reason()).isEqualTo(AttachEnd.Reason.CLOSED);
  }

  @Test
  void closingTheClientFreesAttachmentsThatWaitForTheirReader() throws Exception {
    service.then(c -> c.attached().events(LongStream.rangeClosed(1, 1000).toArray()));
    EventStream events = session.events(AttachOptions.fromBeginning());
    assertThat(events.next()).isNotNull();
    client.close();
    assertThat(Recorder.end(events.attachment()).reason()).isEqualTo(AttachEnd.Reason.CLOSED);
  }

  @Test
  void missingOutputIsSaidOnceAndReadingGoesOn() throws Exception {
    service.then(
        c -> c.attached().events(1).gap(2, 4, GapReason.GAP_REASON_DAMAGED).events(5).ended());
    try (SessionOutput output = session.output()) {
      assertThat(output.read()).isEqualTo('a');
      assertThatThrownBy(output::read)
          .isInstanceOfSatisfying(
              MissingOutputException.class,
              e -> assertThat(e.gap()).isEqualTo(new Gap(2, 4, Gap.Reason.DAMAGED)));
      assertThat(new String(output.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("e");
      assertThat(output.read()).isEqualTo(-1);
    }
  }

  @Test
  void aFailedAttachmentFailsItsInputStream() throws IOException {
    service.then(c -> c.fail(Failures.of(Status.Code.NOT_FOUND, "SESSION_NOT_FOUND")));
    try (SessionOutput output = session.output()) {
      assertThatThrownBy(output::read)
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(CleatException.class);
    }
  }
}
