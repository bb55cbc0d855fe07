package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionServiceGrpc;
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
}
