package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A prompt that is sent again when its turn is in the journal and not in the store, as when the
 * server was killed between the two. In place of that, there is another store.
 */
class RetriedPromptTest {
  private static final SendPromptRequest REQUEST =
      SendPromptRequest.newBuilder().setPrompt("once").setRequestId("request").build();

  @TempDir Path folder;
  private Instant now = Instant.now();
  private Sessions sessions;
  private Session session;
  private Store other;
  private Prompts prompts;
  private Turn first;

  @BeforeEach
  void prompt() throws Exception {
    sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            Store.open(folder.resolve("state.db"), InstantSource.system()),
            Policy.none(),
            """
            tools:
              agent: {headless: {command: [sh, -c, "exec sleep 1000", "{prompt}"], output: plain}}
            """,
            new PtyTerminals());
    final TenantSessions tenant = sessions.of("default");
    session = OneToolSessions.start(tenant, CreateRequest.newBuilder().setTool("agent"));
    first = tenant.prompts().send(session, REQUEST);
    final InstantSource clock = () -> now;
    other = Store.open(folder.resolve("other.db"), clock);
    final var _ =
        other.insertSession(Saver.row(session.view(), 0, RunNotes.NONE), new byte[0], null);
    prompts = new Prompts(other, clock, Tracing.off());
  }

  @AfterEach
  void close() throws IOException {
    other.close();
    sessions.close();
  }

  @Test
  void itIsFoundInTheSessionAndNotRunAgain() {
    assertThat(prompts.send(session, REQUEST).getId()).isEqualTo(first.getId());
    assertThat(session.view().getTurnCount()).isEqualTo(1);
  }

  @Test
  void anotherUnderItsIdIsRefused() {
    final SendPromptRequest another = REQUEST.toBuilder().setPrompt("another").build();

    assertThat(catchThrowableOfType(Refusal.class, () -> prompts.send(session, another)).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_REQUEST_ID_REUSED);
    assertThat(session.view().getTurnCount()).isEqualTo(1);
  }

  @Test
  void itsIdIsFreeAgainWhenItIsRememberedNoLonger() {
    now = now.plus(Prompts.REMEMBERED).plusSeconds(60);

    assertThat(prompts.send(session, REQUEST).getId()).isNotEqualTo(first.getId());
  }
}
