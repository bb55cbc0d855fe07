package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Delivery;
import dev.cleat.client.EventStream;
import dev.cleat.client.Gap;
import dev.cleat.client.NewSession;
import dev.cleat.client.Position;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.SessionSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a server that was told to end has written is known to be whole, whatever the machine does
 * then; what one that was killed has written is not, once the machine itself has started again.
 */
class RebootTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** The epoch of a session after its server has ended, and the machine has started again. */
  private long epochAfterwards(End end) throws Exception {
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    String id;
    try (CleatClient client = server.client()) {
      Session session = client.create("bash");
      id = session.id();
      assertThat(session.prompt("echo before").output()).isEqualTo("before\n");
      assertThat(session.info().head().epoch()).isEqualTo(1);
      end.of(server);
    }
    startMachineAgain(data.resolve("journals/run"));
    try (CleatClient client = servers.start(data).client()) {
      Session session = client.session(id);
      final long epoch = session.info().head().epoch();
      session.restart();
      assertThat(session.prompt("echo after").output()).isEqualTo("after\n");
      return epoch;
    }
  }

  private interface End {
    void of(ServerProcess server) throws Exception;
  }

  /** Has the mark of the last run name another boot of the machine. */
  private static void startMachineAgain(Path mark) throws Exception {
    String last = Files.readString(mark);
    String other = last.replaceFirst("boot=.*", "boot=another");
    assertThat(other).isNotEqualTo(last);
    Files.writeString(mark, other);
  }

  @Test
  void whatAServerThatWasToldToEndHasWrittenIsWhole() throws Exception {
    assertThat(epochAfterwards(server -> assertThat(server.stop()).isZero())).isEqualTo(1);
  }

  @Test
  void whatAKilledServerHasWrittenMayBeGone() throws Exception {
    assertThat(epochAfterwards(ServerProcess::kill)).isEqualTo(2);
  }

  /** What happens to a session that has ended. */
  private interface Afterlife {
    void of(Session session) throws Exception;
  }

  /**
   * The machine goes down: of what came after the end of a session its state has nothing, and its
   * journal all but the last event, which was shown.
   *
   * @return what the list says of the session then
   */
  private SessionInfo loseTheLastAfterTheEnd(Afterlife afterlife) throws Exception {
    Path data = folder.resolve("data");
    Path state = data.resolve("state.db");
    Path before = folder.resolve("before.db");
    ServerProcess server = servers.start(data);
    String id;
    try (CleatClient client = server.client()) {
      // In no git repository: what it says of one comes when it likes.
      Session session = client.create(NewSession.of("bash").workdir("/"));
      id = session.id();
      session.stop();
      assertThat(server.stop()).isZero();
    }
    Files.copy(state, before);
    server = servers.start(data);
    Position seen;
    try (CleatClient client = server.client()) {
      Session session = client.session(id);
      afterlife.of(session);
      seen = session.refresh().head();
      server.kill();
    }
    Files.copy(before, state, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(data.resolve("state.db-wal"));
    Files.deleteIfExists(data.resolve("state.db-shm"));
    JournalFiles.cut(JournalFiles.of(data, id).last(), 1);
    startMachineAgain(data.resolve("journals/run"));
    try (CleatClient client = servers.start(data).client()) {
      SessionInfo listed = client.list().getFirst();
      Session session = client.session(id);
      session.restart();
      assertThat(session.refresh().head().seq()).isGreaterThan(seen.seq());
      // Whoever has seen the event that is gone is told so.
      try (EventStream events = session.events(AttachOptions.after(seen))) {
        assertThat(events.next())
            .isInstanceOfSatisfying(
                Delivery.Missing.class,
                missing ->
                    assertThat(missing.gap())
                        .isEqualTo(new Gap(seen.seq(), seen.seq(), Gap.Reason.EPOCH_ENDED)));
      }
      // Whoever has not misses nothing.
      try (EventStream events =
          session.events(AttachOptions.after(new Position(1, seen.seq() - 1)))) {
        assertThat(events.next()).isNotInstanceOf(Delivery.Missing.class);
      }
      return listed;
    }
  }

  @Test
  void whatARestartedSessionHasShownMayBeGone() throws Exception {
    SessionInfo listed =
        loseTheLastAfterTheEnd(session -> {
          session.restart();
          assertThat(session.prompt("echo again").output()).isEqualTo("again\n");
          // The last that it writes is that it is at its prompt.
          Await.until(
              "it is idle", () -> session.refresh().activity() == SessionInfo.Activity.IDLE);
        });
    assertThat(listed.state()).isEqualTo(SessionInfo.State.LOST);
    assertThat(listed.run()).isEqualTo(2);
  }

  @Test
  void whatCameAfterTheEndOfASessionMayBeGone() throws Exception {
    SessionInfo listed =
        loseTheLastAfterTheEnd(
            session -> session.update(new SessionSettings().labels(Map.of("seen", "yes"))));
    assertThat(listed.state()).isEqualTo(SessionInfo.State.EXITED);
  }
}
