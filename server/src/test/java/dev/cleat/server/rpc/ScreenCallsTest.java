package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_SCREEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.server.reader.DrawnEvents;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.GetScreenRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.Start;
import dev.cleat.v1.StartScreen;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Pictures of sessions, by themselves and at the beginning of an Attach. */
@Order(7)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScreenCallsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    final Path catalogue = data.resolve("tools.yaml");
    Files.writeString(
        catalogue,
        """
        tools:
          fake:
            acp: {command: [%s, -XX:TieredStopAtLevel=1, -cp, "%s", %s]}
          once:
            headless: {command: [echo, "{prompt}"], output: plain}
        """
            .formatted(java, System.getProperty("java.class.path"), FakeAcpAgent.class.getName()));
    server = TestServer.start(data.resolve("data"), Map.of("catalogue", catalogue.toString()));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static TerminalSize size(int rows, int columns) {
    return TerminalSize.newBuilder().setRows(rows).setColumns(columns).build();
  }

  private static CreateRequest.Builder script(String script) {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs(script);
  }

  private Session create(CreateRequest.Builder request) {
    return server.sessions().create(request.build()).getSession();
  }

  private Session finished(CreateRequest.Builder request) {
    final Session session = create(request);
    // Its output may be long, and is not looked at.
    new AttachStream(
            server,
            AttachOpen.newBuilder()
                .setSessionId(session.getId())
                .addKinds(EventKind.EVENT_KIND_EXITED)
                .build())
        .awaitEnd();
    return session;
  }

  private static GetScreenRequest.Builder of(Session session) {
    return GetScreenRequest.newBuilder().setSessionId(session.getId());
  }

  private Screen get(GetScreenRequest.Builder request) {
    return server.sessions().getScreen(request.build()).getScreen();
  }

  private static AttachOpen.Builder fromScreen(Session session) {
    return AttachOpen.newBuilder()
        .setSessionId(session.getId())
        .setStart(Start.newBuilder().setScreen(StartScreen.newBuilder().setStyles(true)));
  }

  private static List<String> lines(Screen screen) {
    return screen.getLinesList().stream().map(ScreenLine::getText).toList();
  }

  @Test
  void pictureOfAnEndedSessionIsThereAlsoAfterARestartOfTheServer(@TempDir Path data)
      throws Exception {
    final String id;
    final Screen before;
    try (TestServer first = TestServer.start(data)) {
      id =
          first
              .sessions()
              .create(
                  script("printf '\\033]0;name\\007\\033[1;31mred\\033[0m\\r\\n\\346\\227\\245x'")
                      .setSize(size(4, 20))
                      .setName("painted")
                      .build())
              .getSession()
              .getId();
      new AttachStream(first, AttachOpen.newBuilder().setSessionId(id).build()).awaitEnd();
      before =
          first
              .sessions()
              .getScreen(
                  GetScreenRequest.newBuilder()
                      .setName("painted")
                      .setStyles(true)
                      .setRestore(true)
                      .build())
              .getScreen();
      assertThat(lines(before)).containsExactly("red", "日x", "", "");
      assertThat(before.getTitle()).isEqualTo("name");
      assertThat(before.getSize()).isEqualTo(size(4, 20));
      assertThat(before.getCursor().getRow()).isEqualTo(1);
      assertThat(before.getCursor().getColumn()).isEqualTo(3);
      assertThat(before.getCursor().getVisible()).isTrue();
      assertThat(before.getLines(0).getSpans(0).getBold()).isTrue();
      assertThat(before.getLines(0).getSpans(0).getForeground().getIndexed()).isEqualTo(1);
      assertThat(before.getIncomplete()).isFalse();
      assertThat(before.getEpoch()).isEqualTo(1);
      assertThat(before.getOutputOffset()).isEqualTo(30);
      assertThat(new DrawnEvents(before).look()).isEqualTo(DrawnEvents.look(before));
    }
    try (TestServer second = TestServer.start(data)) {
      final Screen after =
          second
              .sessions()
              .getScreen(
                  GetScreenRequest.newBuilder()
                      .setSessionId(id)
                      .setStyles(true)
                      .setRestore(true)
                      .build())
              .getScreen();
      assertThat(after).isEqualTo(before);
    }
  }

  @Test
  void stylesAndWhatRestoresItComeOnlyWhenAskedFor() {
    final Session session = finished(script("printf '\\033[1mbold'"));
    final Screen plain = get(of(session));
    assertThat(plain.getLines(0)).isEqualTo(ScreenLine.newBuilder().setText("bold").build());
    assertThat(plain.getRestore().isEmpty()).isTrue();
    assertThat(get(of(session).setStyles(true)).getLines(0).getSpansCount()).isEqualTo(1);
    assertThat(get(of(session).setRestore(true)).getRestore().isEmpty()).isFalse();
  }

  @Test
  void pictureOfTheCallIsNoOlderThanTheCall() {
    final Session session =
        create(script("while read -r x; do printf '\\033[2J\\033[H%s' $x; done"));
    final AttachStream typist =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build());
    typist.await(stream -> !stream.responses().isEmpty());
    for (int i = 1; i <= 20; i++) {
      final String word = "word" + i + ";";
      typist
          .requests()
          .onNext(
              AttachRequest.newBuilder()
                  .setInput(
                      Input.newBuilder()
                          .setInputSeq(i)
                          .setData(ByteString.copyFromUtf8(word + "\n")))
                  .build());
      typist.awaitText("\033[H" + word);
      assertThat(lines(get(of(session))).getFirst()).isEqualTo(word);
    }
  }

  @Test
  void badRequestsAreRefused() {
    final Session session = finished(script("true"));
    Refused.by(() -> get(GetScreenRequest.newBuilder()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
    Refused.by(() -> get(of(session).setName("both")))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
    Refused.by(() -> get(GetScreenRequest.newBuilder().setSessionId("nobody")))
        .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    Refused.by(() -> get(GetScreenRequest.newBuilder().setName("nobody")))
        .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    server.sessions().delete(DeleteRequest.newBuilder().setSessionId(session.getId()).build());
    Refused.by(() -> get(of(session))).with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  @Test
  void whatHasNoTerminalHasNoScreen() {
    final List<CreateRequest.Builder> without =
        List.of(
            script("echo x").setMode(SessionMode.SESSION_MODE_PIPES),
            CreateRequest.newBuilder().setTool("fake"),
            CreateRequest.newBuilder().setTool("once"));
    for (CreateRequest.Builder request : without) {
      final Session session = create(request);
      Refused.by(() -> get(of(session)))
          .with(FAILED_PRECONDITION, ERROR_REASON_NO_SCREEN)
          .metadata("session_id", session.getId());
      final AttachStream stream = new AttachStream(server, fromScreen(session).build()).awaitEnd();
      assertThat(stream.responses()).isEmpty();
      Refused.of(stream.error().orElseThrow()).with(FAILED_PRECONDITION, ERROR_REASON_NO_SCREEN);
    }
  }

  /** {@code attached}, {@code screen}, and then all events behind it; checked as it comes. */
  @Test
  void terminalThatIsTooLargeIsDrawnOnceItIsSmaller() {
    final Session session = create(script("printf before; read line").setSize(size(4096, 4096)));

    final AttachStream all =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build());
    all.await(one -> one.text().contains("before"));
    Refused.by(() -> get(of(session))).with(FAILED_PRECONDITION, ERROR_REASON_NO_SCREEN);
    final AttachStream stream = new AttachStream(server, fromScreen(session).build());
    stream.await(one -> one.error().isPresent());

    server
        .sessions()
        .resize(
            ResizeRequest.newBuilder().setSessionId(session.getId()).setSize(size(24, 80)).build());
    final Screen now = get(of(session));
    assertThat(now.getSize()).isEqualTo(size(24, 80));
    assertThat(now.getIncomplete()).isTrue();
  }

  private static Screen screen(AttachStream stream) {
    stream.await(s -> s.responses().stream().anyMatch(AttachResponse::hasScreen));
    final List<AttachResponse> said =
        stream.responses().stream()
            .filter(r -> !r.hasEvents() || r.getEvents().getEventsCount() > 0)
            .toList();
    assertThat(said.get(0).hasAttached()).isTrue();
    assertThat(said.get(1).hasScreen()).isTrue();
    return said.get(1).getScreen();
  }

  /**
   * Clients come at random moments while a program draws as fast as it can and its window changes;
   * some are cut and resume. What each of them sees in the end is what one sees who got everything.
   */
  @Test
  void screenAndTheEventsBehindItAreAllEventsAtRandomMomentsOfAFlood() throws Exception {
    final long seed = System.nanoTime();
    System.out.println("ScreenCallsTest seed " + seed);
    final Random random = new Random(seed);
    final Session session =
        create(
            script(
                    """
                    stty -echo
                    i=0
                    while [ $i -lt 3000 ]; do
                      i=$((i + 1))
                      printf '\\033[%d;%dH\\033[3%dm\\346\\227\\245 %d\\033[K' $((i % 9 + 1)) $((i % 31 + 1)) $((i % 8)) $i
                      case $i in
                        *50) printf '\\033[?1049h\\033]0;at %d\\007' $i;;
                        *00) printf '\\033[?1049l\\r\\nlong line that runs over the edge %d\\r\\n' $i;;
                      esac
                    done
                    read -r x
                    """)
                .setSize(size(8, 30)));
    final List<AttachStream> streams = new ArrayList<>();
    final Map<AttachStream, AttachStream> resumed = new HashMap<>();
    final AttachStream all =
        new AttachStream(server, AttachOpen.newBuilder().setSessionId(session.getId()).build());
    while (streams.size() < 12) {
      LockSupport.parkNanos(random.nextInt(20_000_000));
      final AttachStream stream = new AttachStream(server, fromScreen(session).build());
      streams.add(stream);
      if (random.nextInt(3) == 0) {
        server
            .sessions()
            .resize(
                ResizeRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setSize(size(5 + random.nextInt(20), 10 + random.nextInt(60)))
                    .build());
      }
      if (random.nextBoolean()) {
        final long seen = Math.max(screen(stream).getSeq(), last(stream.events()));
        resumed.put(
            stream,
            new AttachStream(
                server,
                AttachOpen.newBuilder()
                    .setSessionId(session.getId())
                    .setEpoch(1)
                    .setAfterSeq(seen)
                    .build()));
      }
    }
    all.awaitText(" 3000\033[K");
    server.sessions().stop(StopRequest.newBuilder().setSessionId(session.getId()).build());
    all.awaitEnd();
    final DrawnEvents everything = new DrawnEvents();
    final Map<Long, Screen> shown = new HashMap<>();
    for (Event event : all.events()) {
      everything.draw(event);
      shown.put(event.getSeq(), everything.look());
    }
    for (AttachStream stream : streams) {
      stream.awaitEnd();
      final Screen screen = screen(stream);
      assertThat(DrawnEvents.look(screen))
          .as("seed %d, event %d", seed, screen.getSeq())
          .isEqualTo(shown.get(screen.getSeq()));
      final DrawnEvents terminal = new DrawnEvents(screen);
      long next = screen.getSeq() + 1;
      final List<Event> behind = new ArrayList<>(stream.events());
      final AttachStream second = resumed.get(stream);
      if (second != null) {
        final long first = second.awaitEnd().events().getFirst().getSeq();
        behind.removeIf(event -> event.getSeq() >= first);
        behind.addAll(second.events());
      }
      for (Event event : behind) {
        assertThat(event.getSeq()).isEqualTo(next++);
        terminal.draw(event);
        assertThat(terminal.look())
            .as("seed %d, event %d after a screen of %d", seed, event.getSeq(), screen.getSeq())
            .isEqualTo(shown.get(event.getSeq()));
      }
      assertThat(next - 1).isEqualTo(last(all.events()));
    }
  }

  private static long last(List<Event> events) {
    return events.isEmpty() ? 0 : events.getLast().getSeq();
  }

  @Test
  void clientThatFollowsRestartsSeesTheNewProcessOnAnEmptyScreen() {
    final Session session = create(script("printf \"old $$ \"; read -r x"));
    final AttachStream stream =
        new AttachStream(server, fromScreen(session).setFollowRestarts(true).build());
    final DrawnEvents terminal = new DrawnEvents(screen(stream));
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> lines(get(of(session))).getFirst().startsWith("old"));
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(session.getId()).build());
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> get(of(session)).getSeq() == last(stream.events()) && hasPrintedAgain(stream));
    stream.events().forEach(terminal::draw);
    final Screen now = get(of(session).setStyles(true));
    assertThat(terminal.look()).isEqualTo(DrawnEvents.look(now));
    assertThat(lines(now).getFirst().split("old", -1)).hasSize(2);
  }

  private static boolean hasPrintedAgain(AttachStream stream) {
    return stream.events().stream()
        .dropWhile(event -> event.getStateChanged().getRun() < 2)
        .anyMatch(Event::hasOutput);
  }

  @Test
  void kindsAreFilteredBehindTheScreenToo() {
    final Session session = finished(script("printf one; exit 3"));
    final AttachStream stream =
        new AttachStream(server, fromScreen(session).addKinds(EventKind.EVENT_KIND_EXITED).build())
            .awaitEnd();
    assertThat(lines(screen(stream)).getFirst()).isEqualTo("one");
    assertThat(stream.events()).isEmpty();
    assertThat(stream.responses().stream().filter(AttachResponse::hasCaughtUp)).hasSize(1);
    assertThat(stream.last().getEnded().getExit().getCode()).isEqualTo(3);
  }

  @Test
  void thereAreSignsOfLifeWhileALongJournalIsDrawn() {
    final Session session =
        finished(script("yes 'a line of a long, long log' | head -c 20000000; printf '\\r\\nend'"));
    final long began = System.nanoTime();
    final AtomicInteger heard = new AtomicInteger();
    final AttachStream stream =
        new AttachStream(
            server,
            AttachRequest.newBuilder()
                .setOpen(
                    fromScreen(session).setHeartbeatInterval(Duration.newBuilder().setSeconds(1)))
                .build()) {
          @Override
          public void onNext(AttachResponse response) {
            heard.incrementAndGet();
            super.onNext(response);
          }
        }.awaitEnd();
    assertThat(lines(screen(stream))).contains("end");
    final long seconds = java.time.Duration.ofNanos(System.nanoTime() - began).toSeconds();
    assertThat(heard).as("heard within %d s", seconds).hasValueGreaterThan((int) seconds / 3);
  }
}
