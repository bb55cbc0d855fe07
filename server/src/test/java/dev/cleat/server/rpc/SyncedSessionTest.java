package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that shows nothing before it is on the disk. */
class SyncedSessionTest {
  @Test
  void turnsAndTheEndAreAsElsewhere(@TempDir Path data) throws Exception {
    try (TestServer server = TestServer.start(data, Map.of("journal.sync", "always"))) {
      final String id =
          server
              .sessions()
              .create(CreateRequest.newBuilder().setTool("bash").build())
              .getSession()
              .getId();
      for (int i = 0; i < 5; i++) {
        final Turn turn = prompt(server, id, "echo " + i);
        assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
        assertThat(turn.getOutputPreview()).isEqualTo(i + "\n");
      }
      final AttachStream stream = server.attach(AttachOpen.newBuilder().setSessionId(id));
      final Turn last = prompt(server, id, "exit 3");
      assertThat(last.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
      assertThat(last.getExit().getCode()).isEqualTo(3);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() ->
              server
                      .sessions()
                      .get(GetRequest.newBuilder().setSessionId(id).build())
                      .getSession()
                      .getState()
                  == SessionState.SESSION_STATE_EXITED);
      assertThat(stream.awaitEnd().status().isOk()).isTrue();
      assertThat(stream.last().getEnded().getReason()).isEqualTo(EndReason.END_REASON_EXITED);
      assertThat(stream.events().getLast().getExited().getExit().getCode()).isEqualTo(3);
    }
  }

  private static Turn prompt(TestServer server, String id, String prompt) {
    return server.prompter().run(id, prompt);
  }
}
