package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A session with prompts to begin with whose server was killed when the store had it, and before
 * its first events were written, or while they were.
 */
class CutCreationTest {
  private static final String ID = "cut";
  private static final List<String> PROMPTS = List.of("first", "second", "third");

  private static final dev.cleat.v1.Session ASKED =
      dev.cleat.v1.Session.newBuilder()
          .setId(ID)
          .setTenant("default")
          .setTool("shell")
          .setState(SessionState.SESSION_STATE_STARTING)
          .build();

  @TempDir Path folder;

  private void insert() throws Exception {
    try (Store store = store()) {
      final var _ =
          store.insertSession(
              Saver.row(ASKED, 0, RunNotes.NONE),
              CreateRequest.newBuilder().addAllStartPrompts(PROMPTS).build().toByteArray(),
              null);
    }
  }

  private Store store() throws Exception {
    return Store.open(folder.resolve("state.db"), InstantSource.system());
  }

  /** Its turns once a server has found it. */
  private List<Turn> turns() throws Exception {
    try (Sessions sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            store(),
            Policy.none(),
            "tools: {shell: {command: [sleep, '1000'], turns: stillness}}",
            new PtyTerminals())) {
      final Session session = sessions.of("default").get(ID);
      assertThat(session.view().getState()).isEqualTo(SessionState.SESSION_STATE_LOST);
      assertThat(session.view().getTurnCount()).isEqualTo(PROMPTS.size());
    }
    try (Store store = store()) {
      return store.turns(ID, Long.MAX_VALUE, 10, Long.MAX_VALUE).items().reversed().stream()
          .map(Prompts::turn)
          .toList();
    }
  }

  private static void assertAllAreThere(List<Turn> turns) {
    assertThat(turns).extracting(Turn::getPrompt).containsExactlyElementsOf(PROMPTS);
    // As any that waited in a session that is lost.
    assertThat(turns).extracting(Turn::getState).containsOnly(TurnState.TURN_STATE_FAILED);
  }

  @Test
  void itsPromptsAreTurnsAllTheSame() throws Exception {
    insert();
    final List<Turn> turns = turns();
    assertAllAreThere(turns);

    assertThat(turns()).isEqualTo(turns);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
  void soAreThoseThatWereNotWrittenYet(int written) throws Exception {
    insert();
    final List<Event.Builder> events = new ArrayList<>(List.of(Events.created(ASKED)));
    for (Turn turn : NewSession.startTurns(ID, PROMPTS, Instant.now())) {
      events.add(Events.turn(turn));
      events.add(Events.turn(turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build()));
    }
    try (JournalRoot root = new FakeDisk().rootOn(folder.resolve("journals"))) {
      final Journal journal = root.create(ID, JournalOptions.defaults());
      for (Event.Builder event : events.subList(0, written)) {
        journal.append(
            List.of(new EventEntry(event.setSeq(journal.nextSeq()).setTime(now()).build())));
      }
    }

    assertAllAreThere(turns());
  }

  private static com.google.protobuf.Timestamp now() {
    return Times.timestamp(Instant.now());
  }
}
