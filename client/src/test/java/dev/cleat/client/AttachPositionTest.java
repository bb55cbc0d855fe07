package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.GapReason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Where an attachment is in the journal: from which place on it asks, and what gaps and epochs do
 * to it.
 */
class AttachPositionTest {
  private final ScriptedService service = new ScriptedService();
  private final Recorder recorder = new Recorder();
  private final LoopbackServer server = new LoopbackServer(service);
  private final CleatClient client =
      CleatClient.builder()
          .target(server.target())
          .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
          .retryFor(Duration.ofSeconds(30))
          .build();

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private Attachment attach(AttachOptions options) {
    return LoopbackServer.session(client).attach(options, recorder);
  }

  private Attachment attach() {
    return attach(AttachOptions.fromBeginning().readOnly());
  }

  @Test
  void gapsAndEventsTogetherAreContiguous() throws Exception {
    service
        .then(c -> c.attached().gap(1, 4, GapReason.GAP_REASON_RETENTION).unavailable())
        .then(
            c -> c.attached().events(5).gap(6, 6, GapReason.GAP_REASON_DAMAGED).events(7).ended());

    Recorder.end(attach());
    assertThat(recorder.journal())
        .containsExactly(
            "attached",
            "gap 1-4 RETENTION",
            "output 5",
            "gap 6-6 DAMAGED",
            "output 7",
            "ended EXITED");
    assertThat(service.opens.get(1).getAfterSeq()).isEqualTo(4);
  }

  @Test
  void byDefaultOnlyTrimmedEventsArePassedOver() throws Exception {
    service.then(c ->
        c.attached()
            .gap(1, 4, GapReason.GAP_REASON_RETENTION)
            .events(5)
            .gap(6, 6, GapReason.GAP_REASON_DAMAGED));
    AttachListener simple =
        new AttachListener() {
          @Override
          public void onOutput(OutputChunk output) {
            recorder.onOutput(output);
          }

          @Override
          public void onError(CleatException error) {
            recorder.onError(error);
          }
        };

    CleatException failure =
        Recorder.failure(
            LoopbackServer.session(client).attach(AttachOptions.fromBeginning(), simple));
    assertThat(failure.code()).isEqualTo(Code.DATA_LOSS);
    assertThat(recorder.calls).containsExactly("output 5", "error DATA_LOSS");
  }

  @Test
  void anEndedEpochTakesTheReaderBack() throws Exception {
    service
        .then(c -> c.attached(1, 9, 1).events(1, 2, 3, 4).unavailable())
        .then(c ->
            c.attached(2, 6, 1)
                .gap(3, 4, GapReason.GAP_REASON_EPOCH_ENDED)
                .gap(3, 5, GapReason.GAP_REASON_TAIL_LOST)
                .events(6)
                .unavailable())
        .then(c -> c.attached(2, 6, 1).ended());

    Recorder.end(attach());
    assertThat(recorder.journal())
        .containsExactly(
            "attached",
            "output 1",
            "output 2",
            "output 3",
            "output 4",
            "gap 3-4 EPOCH_ENDED",
            "gap 3-5 TAIL_LOST",
            "output 6",
            "ended EXITED");
    assertThat(service.opens).extracting(AttachOpen::getEpoch).containsExactly(0L, 1L, 2L);
    assertThat(service.opens).extracting(AttachOpen::getAfterSeq).containsExactly(0L, 4L, 6L);
  }

  @Test
  void aNewEpochIsOnlyTakenOverWithWhatItMeansForTheReader() throws Exception {
    service
        .then(c -> c.attached(1, 9, 1).events(1, 2).unavailable())
        // Cut between the new epoch and the gap that explains it: resumed under the new one, the
        // loss would go unnoticed.
        .then(c -> c.attached(2, 6, 1).unavailable())
        .then(
            c -> c.attached(2, 6, 1).gap(2, 2, GapReason.GAP_REASON_EPOCH_ENDED).events(2).ended());

    Recorder.end(attach());
    assertThat(service.opens).extracting(AttachOpen::getEpoch).containsExactly(0L, 1L, 1L);
    assertThat(service.opens).extracting(AttachOpen::getAfterSeq).containsExactly(0L, 2L, 2L);
    assertThat(recorder.seqs).containsExactly(1L, 2L, 2L);
  }

  @Test
  void whatAFilterHidesIsNotAskedForAgain() throws Exception {
    service
        .then(c -> c.attached(1, 9, 1).events(4, 7).caughtUp(9).unavailable())
        .then(c -> c.attached(1, 20, 1).heartbeat(20).unavailable())
        .then(c -> c.attached(1, 30, 1).events(25).ended());

    Recorder.end(
        attach(
            AttachOptions.fromBeginning().readOnly().kinds(List.of(EventKind.EVENT_KIND_OUTPUT))));
    assertThat(recorder.seqs).containsExactly(4L, 7L, 25L);
    assertThat(service.opens).extracting(AttachOpen::getAfterSeq).containsExactly(0L, 9L, 20L);
  }

  @Test
  void onlyNewEventsStartAtTheFirstConnectionAlsoWhenItIsCut() throws Exception {
    service
        .then(c -> c.attached(3, 41, 1).unavailable())
        .then(c -> c.attached(3, 43, 1).events(42, 43).ended());

    Attachment attachment = attach(AttachOptions.fromNow().readOnly());
    Recorder.end(attachment);
    assertThat(attachment.position()).isEqualTo(new Position(3, 43));
    assertThat(service.opens.get(0).getStart().hasLatest()).isTrue();
    assertThat(service.opens.get(1).getAfterSeq()).isEqualTo(41);
    assertThat(service.opens.get(1).getEpoch()).isEqualTo(3);
    assertThat(recorder.seqs).containsExactly(42L, 43L);
  }

  @Test
  void thePlaceToStartFromIsKnownBeforeAnythingWasDelivered() throws Exception {
    service.then(c -> c.attached(3, 41, 1).ended());
    Attachment attachment = attach(AttachOptions.fromNow().readOnly());
    Recorder.end(attachment);
    assertThat(attachment.position()).isEqualTo(new Position(3, 41));
  }

  @Test
  void theLastEventsAreAskedForAgainWhileNoneHasCome() throws Exception {
    service
        .then(c -> c.attached(1, 41, 1).unavailable())
        .then(c -> c.attached(1, 41, 1).events(40, 41).unavailable())
        .then(c -> c.attached(1, 41, 1).ended());

    Recorder.end(attach(AttachOptions.fromLast(2).readOnly()));
    assertThat(service.opens.get(1).getStart().getLastEvents()).isEqualTo(2);
    assertThat(service.opens.get(2).getAfterSeq()).isEqualTo(41);
  }
}
