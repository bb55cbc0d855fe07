package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GitConflict;
import dev.cleat.v1.GitConflictKind;
import dev.cleat.v1.GitOperation;
import dev.cleat.v1.GitState;
import dev.cleat.v1.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What sessions say of the git repository that they are in. */
@Order(3)
class GitTest {
  private static final String SETUP =
      "export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a"
          + " GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a"
          + " GIT_COMMITTER_EMAIL=a@example.com; ";

  @TempDir Path folder;
  private TestServer server;
  private String id;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(folder.resolve("data"));
    final Path work = Files.createDirectory(folder.resolve("work"));
    // So that the folder is in no other repository: the project may be one.
    Files.createDirectories(work.resolve("inner"));
    id =
        server
            .sessions()
            .create(
                CreateRequest.newBuilder()
                    .setTool("bash")
                    .setWorkdir(work.toString())
                    .putEnv("HOME", folder.toString())
                    .build())
            .getSession()
            .getId();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void run(String command) {
    final var _ = server.prompter().send(id, command);
  }

  private Session session() {
    return server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  private void awaitGit(Predicate<GitState> state) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> session().hasGit() && state.test(session().getGit()));
  }

  private List<Event> changes() {
    return server.prompter().events(id).stream().filter(Event::hasGitChanged).toList();
  }

  @Test
  void aConflictComesAndGoes() {
    run(SETUP + "git init -q -b main . && echo 1 > f && git add f && git commit -qm 1");
    awaitGit(git -> git.getBranch().equals("main"));
    run("git switch -qc other && echo 2 > f && git commit -qam 2 && git switch -q main");
    run("echo 3 > f && git commit -qam 3; git merge other");
    awaitGit(git -> git.getOperation() == GitOperation.GIT_OPERATION_MERGE);
    assertThat(session().getGit().getConflictsList())
        .containsExactly(
            GitConflict.newBuilder()
                .setPath("f")
                .setKind(GitConflictKind.GIT_CONFLICT_KIND_BOTH_MODIFIED)
                .build());
    final int before = changes().size();
    run("git merge --abort");
    awaitGit(git -> git.getOperation() == GitOperation.GIT_OPERATION_NONE);
    // One before it, where it was looked at in the middle of that.
    assertThat(changes().subList(before, changes().size()))
        .filteredOn(change ->
            change.getGitChanged().getState().getOperation() == GitOperation.GIT_OPERATION_NONE)
        .hasSize(1);
    assertThat(changes().getLast().getGitChanged().getState()).isEqualTo(session().getGit());
  }

  @Test
  void aShellBelowTheWorkingDirectoryIsWhereItIs() {
    run(SETUP + "git init -q -b outer .; git init -q -b inner inner");
    awaitGit(git -> git.getBranch().equals("outer"));
    run("cd inner");
    awaitGit(git -> git.getBranch().equals("inner"));
    // Elsewhere, nothing is read: what counts again is the working directory.
    run("cd /");
    awaitGit(git -> git.getBranch().equals("outer"));
  }

  @Test
  void aRepositoryThatIsGoneOrBrokenIsNotShown() {
    run(SETUP + "git init -q -b main .");
    awaitGit(git -> git.getBranch().equals("main"));
    run("touch f; git add f; echo no > .git/index");
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !session().hasGit());
    assertThat(changes().getLast().getGitChanged().hasState()).isFalse();
    run("rm .git/index");
    awaitGit(git -> git.getBranch().equals("main"));
  }
}
