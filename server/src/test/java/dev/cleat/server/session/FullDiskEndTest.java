package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that ends in the middle of its answer, when there is no room to write that down. */
class FullDiskEndTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Speaks as much of the Agent Client Protocol as it takes to begin a turn, and may then go. */
  private static final String AGENT =
      """
      while read -r line; do
        id=$(expr "$line" : '.*"id":\\([0-9]*\\)')
        case $line in
          *initialize*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":1}}';;
          *session/new*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"sessionId":"s"}}';;
          *session/prompt*)
            echo '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":'\\
        '{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"Half"}}}}'
            until [ -e "${0%/*}/go" ]; do sleep 0.05; done
            exit 0;;
        esac
      done
      """;

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();
  private Path go;
  private Sessions sessions;
  private TenantSessions tenant;

  @BeforeEach
  void open() throws Exception {
    go = folder.resolve("go");
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, AGENT);
    sessions =
        OneToolSessions.open(
            folder,
            disk,
            Store.open(folder.resolve("state.db"), InstantSource.system()),
            Policy.none(),
            "tools: {agent: {acp: {command: [%s]}}}".formatted(program),
            new PtyTerminals());
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private double stalls() {
    return sessions.meters().stream()
        .filter(meter -> meter.description().name().equals("cleat_output_stalls"))
        .map(meter -> ((CounterSnapshot) meter.snapshot()).getDataPoints().getFirst().getValue())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aTurnWithoutAnAnswerHasFailedHoweverOftenItsEndIsWrittenDown() throws Exception {
    final Session session =
        OneToolSessions.start(tenant, CreateRequest.newBuilder().setTool("agent"));
    final String turn =
        tenant
            .prompts()
            .send(session, SendPromptRequest.newBuilder().setPrompt("work").build())
            .getId();
    await()
        .atMost(PATIENCE)
        .until(
            () -> tenant.prompts().find(session, turn).getState(),
            TurnState.TURN_STATE_RUNNING::equals);

    disk.fill();
    Files.createFile(go);
    await().atMost(PATIENCE).until(() -> stalls() > 0);
    disk.free();

    await().atMost(PATIENCE).until(session::isOver);
    final Turn ended = tenant.prompts().find(session, turn);
    assertThat(ended.getState()).isEqualTo(TurnState.TURN_STATE_FAILED);
    assertThat(ended.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_SESSION_ENDED);
    assertThat(ended.getStatusMessage()).contains("before it had answered");
  }
}
