package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_EVENTS_GONE;
import static io.grpc.Status.Code.OUT_OF_RANGE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.OutputEncoding;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.ResizePolicy;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Retention;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.Start;
import dev.cleat.v1.StartLatest;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What an Attach promises, over a real connection. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttachTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data, Map.of("journal.segment_bytes", "64KiB"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Session create(CreateRequest.Builder request) {
    return server.sessions().create(request.build()).getSession();
  }

  private static CreateRequest.Builder script(String script) {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs(script);
  }

  private Session finished(CreateRequest.Builder request) {
    final Session session = create(request);
    attach(session).awaitEnd();
    return get(session);
  }

  private Session get(Session session) {
    return server
        .sessions()
        .get(GetRequest.newBuilder().setSessionId(session.getId()).build())
        .getSession();
  }

  private static AttachOpen.Builder open(Session session) {
    return AttachOpen.newBuilder().setSessionId(session.getId());
  }

  private AttachStream attach(Session session) {
    return attach(open(session));
  }

  private AttachStream attach(AttachOpen.Builder open) {
    return new AttachStream(server, open.build());
  }

  private static AttachStream caughtUp(AttachStream stream) {
    return stream.await(s -> s.responses().stream().anyMatch(AttachResponse::hasCaughtUp));
  }

  private static List<Long> seqs(AttachStream stream) {
    return stream.events().stream().map(Event::getSeq).toList();
  }

  private static List<Long> range(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private static String texts(AttachStream stream) {
    return stream.events().stream()
        .map(event -> event.getOutput().getText())
        .collect(Collectors.joining());
  }

  @Test
  void replayBeginsWhereItIsAskedTo() {
    final Session session = finished(script("for i in 1 2 3 4 5; do echo $i; sleep 0.02; done"));
    final long head = session.getHeadSeq();
    assertThat(seqs(attach(session).awaitEnd())).isEqualTo(range(1, head));
    assertThat(seqs(attach(open(session).setAfterSeq(3)).awaitEnd())).isEqualTo(range(4, head));
    assertThat(seqs(attach(open(session).setAfterSeq(head)).awaitEnd())).isEmpty();
    assertThat(seqs(attach(open(session).setStart(Start.newBuilder().setLastEvents(2))).awaitEnd()))
        .isEqualTo(range(head - 1, head));
    assertThat(
            seqs(
                attach(
                        open(session)
                            .setStart(
                                Start.newBuilder().setLatest(StartLatest.getDefaultInstance())))
                    .awaitEnd()))
        .isEmpty();
  }

  @Test
  void thereIsOneCaughtUpAndItComesBeforeTheEnd() {
    final AttachStream stream = attach(finished(script("echo x"))).awaitEnd();
    assertThat(stream.responses().getFirst().hasAttached()).isTrue();
    assertThat(stream.responses().stream().filter(AttachResponse::hasCaughtUp)).hasSize(1);
    assertThat(stream.last().hasEnded()).isTrue();
  }

  @Test
  void aQuietSessionSendsHeartbeatsWithItsHead() {
    // In no git repository, which would be one more event.
    final Session session = create(script("cat").setWorkdir("/"));
    final AttachStream stream =
        attach(open(session).setHeartbeatInterval(Duration.newBuilder().setSeconds(1)))
            .await(s -> s.responses().stream().filter(AttachResponse::hasHeartbeat).count() >= 2);
    assertThat(
            stream.responses().stream()
                .filter(AttachResponse::hasHeartbeat)
                .map(response -> response.getHeartbeat().getHeadSeq()))
        .containsOnly(get(session).getHeadSeq());
  }

  @Test
  void textNeverSplitsACharacterAlsoWhenResumed() {
    final String text = "aä☃𝄞".repeat(3);
    // One byte at a time, so that every character is cut by events.
    final StringBuilder script = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      script.append("printf '\\%03o'; sleep 0.01\n".formatted(b & 0xFF));
    }
    final Session session = finished(script(script.toString()));
    final AttachOpen.Builder asText =
        open(session).setEncoding(OutputEncoding.OUTPUT_ENCODING_TEXT);
    final AttachStream whole = attach(asText).awaitEnd();
    assertThat(texts(whole)).isEqualTo(text);
    for (long cut = 0; cut <= session.getHeadSeq(); cut++) {
      final long after = cut;
      final String before =
          whole.events().stream()
              .filter(event -> event.getSeq() <= after)
              .map(event -> event.getOutput().getText())
              .collect(Collectors.joining());
      assertThat(before + texts(attach(asText.setAfterSeq(after)).awaitEnd()))
          .as("resumed after %s", after)
          .isEqualTo(text);
    }
  }

  @Test
  void plainTextHasNoEscapeSequences() {
    final Session session =
        finished(script("printf '\\033[1;31mred\\033[0m \\033]0;title\\007plain\\n'"));
    final AttachStream stream =
        attach(open(session).setEncoding(OutputEncoding.OUTPUT_ENCODING_PLAIN)).awaitEnd();
    assertThat(texts(stream)).isEqualTo("red plain\n");
    assertThat(seqs(stream)).isEqualTo(range(1, session.getHeadSeq()));
  }

  @Test
  void onlyTheKindsThatAreAskedForCome() {
    final AttachStream stream =
        attach(
                open(finished(script("echo x; exit 2")))
                    .addKinds(EventKind.EVENT_KIND_EXITED)
                    .addKinds(EventKind.EVENT_KIND_CREATED))
            .awaitEnd();
    assertThat(stream.events())
        .extracting(Event::getKindCase)
        .containsExactly(Event.KindCase.CREATED, Event.KindCase.EXITED);
    assertThat(stream.last().getEnded().getExit().getCode()).isEqualTo(2);
  }

  @Test
  void pipesKeepTheStreamsApart() {
    final AttachStream stream =
        attach(finished(script("echo out; echo err >&2").setMode(SessionMode.SESSION_MODE_PIPES)))
            .awaitEnd();
    assertThat(
            stream.events().stream()
                .filter(Event::hasOutput)
                .collect(
                    Collectors.toMap(
                        event -> event.getOutput().getStream(),
                        event -> event.getOutput().getData().toStringUtf8(),
                        String::concat)))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                OutputStream.OUTPUT_STREAM_STDOUT,
                "out\n",
                OutputStream.OUTPUT_STREAM_STDERR,
                "err\n"));
  }

  @Test
  void aHalfClosedStreamGoesOnAsAWatcher() {
    final Session session = create(script("read x; echo got $x"));
    final AttachStream watcher = caughtUp(attach(session));
    watcher.requests().onCompleted();
    final AttachStream writer = caughtUp(attach(session));
    writer
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(
                    Input.newBuilder().setInputSeq(1).setData(ByteString.copyFromUtf8("it\n")))
                .build());
    assertThat(watcher.awaitEnd().text()).contains("got it");
    assertThat(watcher.last().getEnded().getReason()).isEqualTo(EndReason.END_REASON_EXITED);
  }

  @Test
  void whatRetentionTrimmedIsAGapOrAnErrorAsAsked() {
    final Session session =
        finished(
            script("seq 1 100000").setRetention(Retention.newBuilder().setMaxBytes(128 << 10)));
    final Session trimmed =
        Awaitility.await()
            .atMost(java.time.Duration.ofSeconds(60))
            .until(() -> get(session), now -> now.getOldestSeq() > 1);
    final AttachStream stream = attach(open(trimmed).setAfterSeq(0)).awaitEnd();
    final var gap =
        stream.responses().stream().filter(AttachResponse::hasGap).findFirst().orElseThrow();
    assertThat(gap.getGap().getFromSeq()).isEqualTo(1);
    assertThat(seqs(stream)).isEqualTo(range(gap.getGap().getToSeq() + 1, trimmed.getHeadSeq()));
    Refused.of(
            attach(open(trimmed).setAfterSeq(0).setFailOnGap(true)).awaitEnd().error().orElse(null))
        .with(OUT_OF_RANGE, ERROR_REASON_EVENTS_GONE)
        .metadata("from_seq", "1");
  }

  @Test
  void whoFollowsRestartsSeesThemUnderTheSameNumbering() {
    final Session session = create(script("cat"));
    final AttachStream following = caughtUp(attach(open(session).setFollowRestarts(true)));
    final AttachStream leaving = caughtUp(attach(session));
    server.sessions().restart(RestartRequest.newBuilder().setSessionId(session.getId()).build());
    leaving.await(s -> !s.events().isEmpty());
    following.await(
        s -> s.events().stream().anyMatch(event -> event.getStateChanged().getRun() == 2));
    server.sessions().stop(StopRequest.newBuilder().setSessionId(session.getId()).build());
    following.await(s -> s.events().stream().filter(Event::hasExited).count() == 2);
    assertThat(seqs(following)).isEqualTo(range(1, get(session).getHeadSeq()));
    assertThat(following.responses()).noneMatch(AttachResponse::hasEnded);
  }

  @Test
  void theWriterThatTypedLastDecidesTheSize() {
    final Session session = create(script("cat"));
    final AttachStream first = caughtUp(attach(open(session).setSize(size(10, 100))));
    final AttachStream second = caughtUp(attach(open(session).setSize(size(20, 50))));
    caughtUp(attach(open(session).setReadOnly(true).setSize(size(5, 5))));
    awaitSize(session, size(20, 50));
    first
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(Input.newBuilder().setInputSeq(1).setData(ByteString.copyFromUtf8("x")))
                .build());
    awaitSize(session, size(10, 100));
    second.requests().onNext(AttachRequest.newBuilder().setResize(size(21, 51)).build());
    awaitSize(session, size(21, 51));
    second.requests().onCompleted();
    awaitSize(session, size(10, 100));
  }

  @Test
  void whenTheWriterThatDecidesLeavesTheOneThatTypedBeforeItDoes() {
    final Session session = create(script("cat"));
    final AttachStream typing = caughtUp(attach(open(session).setSize(size(10, 100))));
    caughtUp(attach(open(session).setSize(size(20, 50))));
    typing
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(Input.newBuilder().setInputSeq(1).setData(ByteString.copyFromUtf8("x")))
                .build());
    awaitSize(session, size(10, 100));
    final AttachStream visitor = caughtUp(attach(open(session).setSize(size(30, 30))));
    awaitSize(session, size(30, 30));

    visitor.requests().onCompleted();

    awaitSize(session, size(10, 100));
  }

  @Test
  void whenTheWriterThatDecidesIsCutOffTheOneThatTypedBeforeItDecides() {
    final Session session = create(script("cat"));
    final AttachStream typing = caughtUp(attach(open(session).setSize(size(10, 100))));
    caughtUp(attach(open(session).setSize(size(20, 50))));
    typing
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(Input.newBuilder().setInputSeq(1).setData(ByteString.copyFromUtf8("x")))
                .build());
    awaitSize(session, size(10, 100));
    final AttachStream visitor = caughtUp(attach(open(session).setSize(size(30, 30))));
    awaitSize(session, size(30, 30));

    visitor.requests().onError(new IllegalStateException("the visitor is cut off"));

    awaitSize(session, size(10, 100));
  }

  @Test
  void theSmallestWindowDecidesWhereThatIsThePolicy() {
    final Session session =
        create(script("cat").setResizePolicy(ResizePolicy.RESIZE_POLICY_SMALLEST));
    caughtUp(attach(open(session).setSize(size(10, 100))));
    caughtUp(attach(open(session).setSize(size(20, 50))));
    awaitSize(session, size(10, 50));
  }

  private static TerminalSize size(int rows, int columns) {
    return TerminalSize.newBuilder().setRows(rows).setColumns(columns).build();
  }

  private void awaitSize(Session session, TerminalSize size) {
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> get(session).getSize().equals(size));
  }

  @Test
  void fiveClientsSeeTheSame() {
    final Session session = create(script("seq 1 30000"));
    final List<AttachStream> all = LongStream.range(0, 5).mapToObj(i -> attach(session)).toList();
    all.forEach(AttachStream::awaitEnd);
    final byte[] output = all.getFirst().output();
    assertThat(all).allSatisfy(stream -> assertThat(stream.output()).isEqualTo(output));
    assertThat(new String(output, StandardCharsets.UTF_8)).endsWith("\r\n30000\r\n");
  }

  @Test
  void deletionEndsTheStream() {
    final Session session = create(script("cat"));
    final AttachStream stream = caughtUp(attach(open(session).setFollowRestarts(true)));
    server
        .sessions()
        .delete(
            dev.cleat.v1.DeleteRequest.newBuilder()
                .setSessionId(session.getId())
                .setForce(true)
                .build());
    assertThat(stream.awaitEnd().last().getEnded().getReason())
        .isEqualTo(EndReason.END_REASON_DELETED);
  }
}
