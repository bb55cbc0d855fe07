package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.GetScreenRequest;
import dev.cleat.v1.GetScreenResponse;
import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenCursor;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.ScreenModes;
import dev.cleat.v1.ScreenSpan;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.TerminalSize;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a terminal shows: asked for, and as the beginning of an attachment. */
class ScreenTest {
  private static final Screen SHOWN =
      Screen.newBuilder()
          .setEpoch(2)
          .setSeq(17)
          .setOutputOffset(345)
          .setSize(TerminalSize.newBuilder().setRows(3).setColumns(20))
          .setCursor(ScreenCursor.newBuilder().setRow(1).setColumn(4).setVisible(true))
          .setTitle("title")
          .addLines(
              ScreenLine.newBuilder()
                  .setText("one")
                  .addSpans(ScreenSpan.newBuilder().setColumns(3).setText("one").setBold(true)))
          .addLines(ScreenLine.newBuilder().setText("two").setWrapped(true))
          .addLines(ScreenLine.newBuilder())
          .setModes(ScreenModes.newBuilder().setBracketedPaste(true).setMouseReporting(true))
          .setIncomplete(true)
          .build();

  private final ScriptedService service = new ScriptedService();
  private final Recorder recorder = new Recorder();
  private final LoopbackServer server = new LoopbackServer(service);
  private final CleatClient client = client(server);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static CleatClient client(LoopbackServer server) {
    return CleatClient.builder()
        .target(server.target())
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
        .build();
  }

  private Attachment attach(AttachOptions options) {
    return LoopbackServer.session(client).attach(options.readOnly(), recorder);
  }

  @Test
  void pictureSaysWhatTheServerSays() {
    List<GetScreenRequest> requests = new CopyOnWriteArrayList<>();
    SessionServiceGrpc.SessionServiceImplBase painter =
        new SessionServiceGrpc.SessionServiceImplBase() {
          @Override
          public void getScreen(
              GetScreenRequest request, StreamObserver<GetScreenResponse> responses) {
            requests.add(request);
            responses.onNext(GetScreenResponse.newBuilder().setScreen(SHOWN).build());
            responses.onCompleted();
          }
        };
    try (LoopbackServer other = new LoopbackServer(painter);
        CleatClient friend = client(other)) {
      ScreenPicture screen = LoopbackServer.session(friend).screen(ScreenPart.STYLES);
      assertThat(screen.position()).isEqualTo(new Position(2, 17));
      assertThat(screen.outputOffset()).isEqualTo(345);
      assertThat(List.of(screen.rows(), screen.columns())).containsExactly(3, 20);
      assertThat(screen.lines()).containsExactly("one", "two", "");
      assertThat(screen.text()).isEqualTo("one\ntwo");
      assertThat(screen.wrapped(0)).isFalse();
      assertThat(screen.wrapped(1)).isTrue();
      assertThat(screen.spans(0)).extracting(ScreenSpan::getBold).containsExactly(true);
      assertThat(List.of(screen.cursorRow(), screen.cursorColumn())).containsExactly(1, 4);
      assertThat(screen.cursorVisible()).isTrue();
      assertThat(screen.title()).isEqualTo("title");
      assertThat(screen.bracketedPaste()).isTrue();
      assertThat(screen.mouseReporting()).isTrue();
      assertThat(screen.alternateScreen()).isFalse();
      assertThat(screen.applicationCursorKeys()).isFalse();
      assertThat(screen.restore()).isEmpty();
      assertThat(screen.incomplete()).isTrue();
      assertThat(screen.raw()).isEqualTo(SHOWN);

      LoopbackServer.session(friend).screen();
      LoopbackServer.session(friend).screen(ScreenPart.RESTORE, ScreenPart.STYLES);
    }
    assertThat(requests)
        .containsExactly(
            GetScreenRequest.newBuilder().setSessionId("s").setStyles(true).build(),
            GetScreenRequest.newBuilder().setSessionId("s").build(),
            GetScreenRequest.newBuilder()
                .setSessionId("s")
                .setStyles(true)
                .setRestore(true)
                .build());
  }

  @Test
  void attachmentBeginsWithTheScreenAndIsResumedBehindWhatCame() throws Exception {
    service
        .then(c -> c.attached(3, 5, 1).events().screen(3, 5, "abcde").unavailable())
        .then(c -> c.attached(3, 5, 1).events(6, 7).unavailable())
        .then(c -> c.attached(3, 5, 1).caughtUp(7).ended());

    Recorder.end(attach(AttachOptions.fromScreen()));

    assertThat(recorder.journal())
        .containsExactly(
            "attached", "screen 5", "output 6", "output 7", "caught up 7", "ended EXITED");
    assertThat(recorder.text()).isEqualTo("abcdefg");
    assertThat(service.opens.get(0).getStart().hasScreen()).isTrue();
    assertThat(service.opens.get(1).getAfterSeq()).isEqualTo(5);
    assertThat(service.opens.get(1).getEpoch()).isEqualTo(3);
    assertThat(service.opens.get(2).getAfterSeq()).isEqualTo(7);
  }

  @Test
  void whatIsCutBeforeTheScreenCameAsksForItAgain() throws Exception {
    service
        .then(c -> c.attached(1, 5, 1).events().unavailable())
        .then(c -> c.attached(1, 6, 1).screen(1, 6, "abcdef").ended());

    Recorder.end(attach(AttachOptions.fromScreenWithStyles()));

    assertThat(recorder.journal()).containsExactly("attached", "screen 6", "ended EXITED");
    assertThat(service.opens.get(1).getStart().getScreen().getStyles()).isTrue();
  }

  @Test
  void screenThatWasNotAskedForOrComesTwiceIsAViolation() throws Exception {
    service.then(c -> c.attached(1, 5, 1).screen(1, 5, "").screen(1, 5, "").ended());
    assertThat(Recorder.failure(attach(AttachOptions.fromScreen())).reason())
        .isEqualTo(CleatException.PROTOCOL_VIOLATION);

    service.then(c -> c.attached(1, 5, 1).screen(1, 5, "").ended());
    assertThat(Recorder.failure(attach(AttachOptions.fromBeginning())).reason())
        .isEqualTo(CleatException.PROTOCOL_VIOLATION);
  }

  @Test
  void sessionWithoutAScreenEndsTheAttachment() throws Exception {
    service.then(c -> c.fail(Failures.of(Status.Code.FAILED_PRECONDITION, "NO_SCREEN")));
    CleatException failure = Recorder.failure(attach(AttachOptions.fromScreen()));
    assertThat(failure.code()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(failure.reason()).isEqualTo("NO_SCREEN");
    assertThat(service.opens).hasSize(1);
    assertThat(
            catchThrowableOfType(
                CleatException.class, () -> LoopbackServer.session(client).screen()))
        .extracting(CleatException::code)
        .isEqualTo(Code.UNIMPLEMENTED);
  }

  @Test
  void streamOfEventsDeliversTheScreenFirst() {
    service.then(c -> c.attached(4, 5, 1).screen(4, 5, "abcde").events(6).caughtUp(6).ended());
    List<Delivery> all = new ArrayList<>();
    try (EventStream events =
        LoopbackServer.session(client).events(AttachOptions.fromScreen().readOnly())) {
      events.forEach(all::add);
    }
    assertThat(all)
        .extracting(Delivery::position)
        .containsExactly(new Position(4, 5), new Position(4, 6), new Position(4, 6));
    assertThat(all.get(0))
        .isInstanceOfSatisfying(
            Delivery.Pictured.class,
            pictured -> assertThat(pictured.screen().restore()).asString().isEqualTo("abcde"));
  }
}
