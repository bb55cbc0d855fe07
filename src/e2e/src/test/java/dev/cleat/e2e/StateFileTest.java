package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Turn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a server does about a data folder that is not as it left it. */
@Order(12)
class StateFileTest {
  // After the servers, which must be gone by then.
  @RegisterExtension
  @Order(1)
  final SmallDisk disk = new SmallDisk();

  @RegisterExtension
  @Order(2)
  final Servers servers = new Servers();

  @TempDir Path folder;

  private void assertRefuses(ServerCommand command, String names) throws Exception {
    Servers.Refusal refusal = servers.refused(command);
    assertThat(refusal.exitCode()).isEqualTo(1);
    assertThat(refusal.errors()).hasSize(1);
    assertThat(refusal.errors().getFirst()).startsWith("cleat: ").contains(names);
  }

  @Test
  void garbageInPlaceOfTheStateIsRefusedAndLeftAlone() throws Exception {
    Path data = folder.resolve("data");
    assertThat(servers.start(data).stop()).isZero();
    Path state = data.resolve("state.db");
    Files.write(state, "This is no database.".repeat(100).getBytes(StandardCharsets.UTF_8));
    byte[] garbage = Files.readAllBytes(state);

    assertRefuses(ServerCommand.on(data), state.toString());
    assertThat(Files.readAllBytes(state)).isEqualTo(garbage);
  }

  @Test
  void withoutTheStateSessionsComeBackFromTheirJournals() throws Exception {
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    Transcript seen = Transcript.keeping();
    String id;
    Turn turn;
    try (CleatClient client = server.client()) {
      Session session = client.create(NewSession.of("bash").name("kept").label("colour", "green"));
      id = session.id();
      turn = session.prompt("echo once; (exit 3)");
      session.stop();
      Transcript.end(session.attach(AttachOptions.fromBeginning().readOnly(), seen));
    }
    assertThat(server.stop()).isZero();
    deleteState(data);

    try (CleatClient client = servers.start(data).client()) {
      Session back = client.session(id);
      assertThat(back.info().state()).isEqualTo(SessionInfo.State.EXITED);
      assertThat(back.info().name()).isEqualTo("kept");
      assertThat(back.info().labels()).containsEntry("colour", "green");
      assertThat(back.turns(10)).hasSize(1);
      assertThat(back.turns(10).getFirst().id()).isEqualTo(turn.id());
      assertThat(back.turns(10).getFirst().exitCode()).hasValue(3);
      Transcript again = Transcript.keeping();
      Transcript.end(back.attach(AttachOptions.fromBeginning().readOnly(), again));
      again.assertWhole();
      again.assertContains(seen);
      // Not equal: a look at the files that took long is told of behind the exit.
      assertThat(again.last()).isGreaterThanOrEqualTo(seen.last());
      assertThat(back.restart().state()).isEqualTo(SessionInfo.State.RUNNING);
      assertThat(back.prompt("echo again").output()).isEqualTo("again\n");
    }
  }

  private static void deleteState(Path data) throws IOException {
    for (String file : List.of("state.db", "state.db-wal", "state.db-shm")) {
      Files.deleteIfExists(data.resolve(file));
    }
  }

  @Test
  void aDataFolderThatCannotBeWrittenIsRefused() throws Exception {
    Path data = disk.mount(folder.resolve("disk")).resolve("data");
    assertThat(servers.start(data).stop()).isZero();
    disk.makeReadOnly();
    assertRefuses(ServerCommand.on(data), data.toString());
    Path file = Files.createFile(folder.resolve("file"));
    assertRefuses(ServerCommand.on(file.resolve("data")), file.toString());
  }

  @Test
  void aSecondServerOnTheSameDataIsRefused() throws Exception {
    Path data = folder.resolve("data");
    ServerProcess first = servers.start(data);
    assertRefuses(ServerCommand.on(data), data.toString());
    try (CleatClient client = first.client()) {
      assertThat(client.create("bash").prompt("echo still here").output())
          .isEqualTo("still here\n");
    }
  }

  @Test
  void anAddressThatOthersReachIsRefusedUnlessAllowed() throws Exception {
    Path data = folder.resolve("data");
    Servers.Refusal refusal = servers.refused(ServerCommand.on(data).listen("0.0.0.0:0"));
    assertThat(refusal.exitCode()).isEqualTo(2);
    assertThat(refusal.errors()).hasSize(1);
    assertThat(refusal.errors().getFirst()).contains("--allow-insecure-listen");
    assertThat(data).doesNotExist();
  }
}
