package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What is typed into a terminal that does not take it yet. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WaitingInputTest {
  private static final int MORE_THAN_IT_HOLDS = 256 << 10;
  private static final TerminalSize SMALL =
      TerminalSize.newBuilder().setRows(10).setColumns(20).build();
  private static final TerminalSize LARGE =
      TerminalSize.newBuilder().setRows(50).setColumns(100).build();

  private Path folder;
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    folder = data;
    server =
        TestServer.start(
            data.resolve("data"),
            Map.of("audit.file", data.resolve("audit").toString(), "audit.required", "true"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /** One whose terminal takes a little, and the rest when the file is there. */
  private Session slow(Path file) {
    final Session session =
        server
            .sessions()
            .create(
                CreateRequest.newBuilder()
                    .setTool("sh")
                    .addArgs("-c")
                    .addArgs(
                        "stty raw -echo; echo ready; while [ ! -e "
                            + file
                            + " ]; do sleep 0.01; done; exec cat >/dev/null")
                    .build())
            .getSession();
    server
        .attach(AttachOpen.newBuilder().setSessionId(session.getId()).setReadOnly(true))
        .awaitText("ready");
    return session;
  }

  private static SendInputRequest.Builder input(Session session, long number) {
    return SendInputRequest.newBuilder()
        .setSessionId(session.getId())
        .setWriterId("w")
        .setInputSeq(number)
        .setData(ByteString.copyFrom(new byte[MORE_THAN_IT_HOLDS]));
  }

  private long records(String phase) {
    return AuditTest.records(folder.resolve("audit")).stream()
        .filter(record -> record.path("method").asText().equals("SessionService/SendInput"))
        .filter(record -> record.path("phase").asText().equals(phase))
        .count();
  }

  @Test
  void aCallWhoseCallerHasGoneWaitsNoMoreAndWhatItTypedIsTypedOnce() throws Exception {
    final Path file = folder.resolve("take");
    final Session session = slow(file);
    final Future<?> first =
        SessionServiceGrpc.newFutureStub(server.channel()).sendInput(input(session, 1).build());
    Awaitility.await().until(() -> records("begun") == 1);

    first.cancel(true);

    Awaitility.await().until(() -> records("ended") == 1);
    Files.createFile(file);
    assertThat(server.sessions().sendInput(input(session, 1).build()).getInputSeq()).isEqualTo(1);
    assertThat(server.sessions().sendInput(input(session, 2).build()).getInputSeq()).isEqualTo(2);
    assertThat(server.sessions().sendInput(input(session, 1).build()).getInputSeq())
        .as("the newest that was applied")
        .isEqualTo(2);
  }

  private AttachStream attach(AttachOpen.Builder open) {
    return server
        .attach(open)
        .await(s -> s.responses().stream().anyMatch(AttachResponse::hasAttached));
  }

  private TerminalSize sizeOf(Session session) {
    return server
        .sessions()
        .get(GetRequest.newBuilder().setSessionId(session.getId()).build())
        .getSession()
        .getSize();
  }

  /** Attaches, types what waits, and closes its side; that has come when its size is gone. */
  private AttachStream halfClosed(Session session, String writer) {
    final AttachOpen.Builder open = AttachOpen.newBuilder().setSessionId(session.getId());
    attach(open.clone().setSize(SMALL));
    final AttachStream stream = attach(open.clone().setSize(LARGE).setWriterId(writer));
    stream
        .requests()
        .onNext(
            AttachRequest.newBuilder()
                .setInput(
                    Input.newBuilder()
                        .setInputSeq(1)
                        .setData(ByteString.copyFrom(new byte[MORE_THAN_IT_HOLDS])))
                .build());
    stream.requests().onCompleted();
    Awaitility.await().until(() -> sizeOf(session).equals(SMALL));
    return stream;
  }

  private static boolean isAcknowledged(AttachStream stream) {
    return stream.responses().stream()
        .anyMatch(response -> response.getInputAck().getInputSeq() == 1);
  }

  @Test
  void whatWaitsIsAcknowledgedAlsoToAStreamThatHasClosedItsSide() throws Exception {
    final Path file = folder.resolve("acknowledge");
    final Session session = slow(file);
    final AttachStream stream = halfClosed(session, "w");
    assertThat(isAcknowledged(stream)).isFalse();

    Files.createFile(file);

    stream.await(WaitingInputTest::isAcknowledged);
    assertThat(stream.error()).isEmpty();
  }

  @Test
  void whoTakesTheWritersIdOfAStreamThatHasClosedItsSideDoesNotEndIt() throws Exception {
    final Path file = folder.resolve("replace");
    final Session session = slow(file);
    final AttachStream stream = halfClosed(session, "again");

    final AttachStream next =
        attach(AttachOpen.newBuilder().setSessionId(session.getId()).setWriterId("again"));
    Files.createFile(file);

    next.await(WaitingInputTest::isAcknowledged);
    server.sessions().stop(StopRequest.newBuilder().setSessionId(session.getId()).build());
    assertThat(stream.awaitEnd().error()).isEmpty();
  }
}
