package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.client.Artifact;
import dev.cleat.client.ArtifactStream;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.GitInfo;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Media files and git, noticed by a real server in real shells, over kill -9. */
@Order(7)
class NoticedFilesTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  private Path work() throws IOException {
    return Files.createDirectory(folder.resolve("work"));
  }

  private Session shell(CleatClient client, Path work) {
    // A shell that is hung up writes its history there.
    servers.home(folder);
    return client.create(
        NewSession.of("bash").workdir(work.toString()).env("HOME", folder.toString()));
  }

  private static void done(Turn turn) {
    assertThat(turn.state()).as(turn.toString()).isEqualTo(Turn.State.SUCCEEDED);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static String fetched(Session session, Artifact artifact) throws Exception {
    try (ArtifactStream stream = session.artifact(artifact.id())) {
      return sha256(stream.readAllBytes());
    }
  }

  @Test
  void aNamedFileIsThereAfterKillsAndGoneWithItsFile() throws Exception {
    Path work = work();
    Random random = new Random(Scale.seed("pictures"));
    byte[] picture = new byte[3 << 20];
    random.nextBytes(picture);
    System.arraycopy(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10}, 0, picture, 0, 8);
    Files.write(work.resolve("pic.png"), picture);
    Files.createSymbolicLink(work.resolve("link.png"), Path.of("/etc/passwd"));
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    String id;
    List<Artifact> before;
    try (CleatClient client = server.client()) {
      Session session = shell(client, work);
      id = session.id();
      done(session.prompt("cp pic.png out.png; echo out.png"));
      done(session.prompt("echo /etc/passwd /etc/logo.png link.png ../work/../../etc/x.png"));
      // A list waits no longer than two seconds for a slow disk.
      Await.until("both are found", () -> session.artifacts().size() >= 2);
      before = session.artifacts();
      assertThat(before).extracting(Artifact::path).containsExactlyInAnyOrder("pic.png", "out.png");
    }
    for (int kill = 0; kill < 3; kill++) {
      server.kill();
      server = servers.start(data);
      try (CleatClient client = server.client()) {
        Session session = client.session(id);
        assertThat(session.artifacts()).isEqualTo(before);
        assertThat(session.refresh().artifactCount()).isEqualTo(2);
        for (Artifact artifact : before) {
          assertThat(fetched(session, artifact)).isEqualTo(sha256(picture));
        }
      }
    }
    try (CleatClient client = server.client()) {
      Session session = client.session(id);
      Files.delete(work.resolve("out.png"));
      Await.until("one is gone", () -> session.artifacts().size() < 2);
      assertThat(session.artifacts()).extracting(Artifact::path).containsExactly("pic.png");
      Artifact gone =
          before.stream()
              .filter(artifact -> artifact.path().equals("out.png"))
              .findFirst()
              .orElseThrow();
      assertThatThrownBy(() -> session.artifact(gone.id()))
          .isInstanceOfSatisfying(
              CleatException.class, e -> assertThat(e.reason()).isEqualTo("ARTIFACT_NOT_FOUND"));
    }
    server.kill();
    server = servers.start(data);
    try (CleatClient client = server.client()) {
      Session session = client.session(id);
      assertThat(session.artifacts()).extracting(Artifact::path).containsExactly("pic.png");
      session.delete(true);
    }
    assertThat(work.resolve("pic.png")).exists();
  }

  @Test
  void aConflictIsShownAndStaysShownAfterAKill() throws Exception {
    Path work = work();
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    String id;
    try (CleatClient client = server.client()) {
      Session session = shell(client, work);
      id = session.id();
      done(
          session.prompt(
              "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b"
                  + " GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; git init -q -b main;"
                  + " echo 1 > f; git add f; git commit -qm 1; git switch -qc other; echo 2 > f;"
                  + " git commit -qam 2; git switch -q main; echo 3 > f; git commit -qam 3;"
                  + " git rebase other || true"));
      // Its conflict too: a look may have come while git was still at it.
      Await.until(
          "the rebase is seen",
          () ->
              session
                  .refresh()
                  .git()
                  .filter(git -> git.operation() == GitInfo.Operation.REBASE)
                  .filter(git -> !git.conflicts().isEmpty())
                  .isPresent());
    }
    server.kill();
    server = servers.start(data);
    try (CleatClient client = server.client()) {
      Session session = client.session(id);
      GitInfo git = session.info().git().orElseThrow();
      assertThat(git.operation()).isEqualTo(GitInfo.Operation.REBASE);
      assertThat(git.conflicts())
          .containsExactly(new GitInfo.Conflict("f", GitInfo.ConflictKind.BOTH_MODIFIED));
      session.restart();
      session.prompt("GIT_EDITOR=true git rebase --abort");
      Await.until(
          "nothing is under way",
          () ->
              session
                  .refresh()
                  .git()
                  .filter(now -> now.operation() == GitInfo.Operation.NONE)
                  .isPresent());
    }
  }
}
