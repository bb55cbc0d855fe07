package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Artifact;
import dev.cleat.v1.RevivePolicy;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Sessions on the command line, from new to rm, against a real server. */
@TestInstance(Lifecycle.PER_CLASS)
final class SessionCommandsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void whatOthersHaveNamedDoesNothingToTheTerminal() {
    String evil = "evil\u001b]0;owned\u0007 \u009b31m\u007f\u202e";
    // Names and labels may have none of it; what a tool is called with may.
    assertThat(server.run("new", "bash", "--name", evil).code()).isNotZero();
    String id = server.create("bash", "--", "-c", "true", evil);
    List<Ran> all =
        List.of(
            server.run("ls"),
            server.run("ls", "-o", "json"),
            server.run("info", id),
            server.run("info", id, "-o", "json"),
            server.run("info", evil + "?"),
            server.run("set", id, "--name", evil + "\n" + evil),
            server.run("new", evil),
            server.run("prompt", evil + "?", evil),
            server.run("tools", evil));
    assertThat(all)
        .allSatisfy(ran ->
            assertThat(ran.out() + ran.err()).doesNotContainPattern("[\\p{Cc}\\x{202e}&&[^\n\t]]"));
    assertThat(all.get(2).out()).contains("evil ]0;owned");
    // As data it is what it was.
    assertThat(all.get(3).out()).contains("\\u001b]0;owned\\u0007 \\u009b31m\\u007f\\u202e");
    var _ = server.run("rm", "--force", id).ok();
  }

  @Test
  void newPassesEverySettingOn(@TempDir Path workdir) throws Exception {
    String id =
        server.create(
            "bash",
            "--name",
            "settings",
            "--workdir",
            workdir.toString(),
            "--env",
            "A=b=c",
            "--env",
            "PATH",
            "--label",
            "k=v",
            "--size",
            "30x101",
            "--workspace",
            "w",
            "--model",
            "m",
            "--idle-timeout",
            "1h30m",
            "--lifetime",
            "2d",
            "--resize-policy",
            "fixed",
            "--",
            "-O",
            "extglob");

    Session.Builder session = Printed.info(server, id);
    assertThat(session.getName()).isEqualTo("settings");
    assertThat(session.getWorkdir()).isEqualTo(workdir.toString());
    assertThat(session.getEnvNamesList()).containsExactlyInAnyOrder("A", "PATH", "HOME");
    assertThat(session.getLabelsMap()).containsEntry("k", "v").hasSize(1);
    assertThat(session.getSize().getRows()).isEqualTo(30);
    assertThat(session.getSize().getColumns()).isEqualTo(101);
    assertThat(session.getWorkspace()).isEqualTo("w");
    assertThat(session.getModel()).isEqualTo("m");
    assertThat(session.getIdleTimeout().getSeconds()).isEqualTo(5_400);
    assertThat(session.getLifetime().getSeconds()).isEqualTo(172_800);
    assertThat(session.getArgsList()).containsExactly("-O", "extglob");
    assertThat(
            server
                .run("prompt", id, "echo $A; stty size; shopt -q extglob && echo on")
                .ok()
                .lines())
        .containsExactly("b=c", "30 101", "on");
  }

  @Test
  void getOrCreateFindsTheSessionOfTheSameName() {
    String id = server.bash("once");

    assertThat(server.run("new", "bash", "--name", "once", "--get-or-create").ok().line())
        .isEqualTo(id);
    Ran taken = server.run("new", "bash", "--name", "once");
    assertThat(taken.code()).isEqualTo(1);
    assertThat(taken.err()).contains("--get-or-create").hasLineCount(1);
  }

  @Test
  void anIdMeansItsSessionAlsoWhenAnotherIsNamedSo() throws Exception {
    String first = server.bash("first-of-two");
    String second = server.bash(first);

    assertThat(Printed.info(server, first).getId()).isEqualTo(first);
    assertThat(Printed.info(server, "first-of-two").getId()).isEqualTo(first);
    assertThat(Printed.info(server, second).getName()).isEqualTo(first);
  }

  @Test
  void aNameThatIsNoIdIsFound() throws Exception {
    String id = server.bash("Größe 1/2");

    assertThat(Printed.info(server, "Größe 1/2").getId()).isEqualTo(id);
  }

  @Test
  void whatIsNotThereIsSaidInOneLineWithTheFix() {
    for (String command :
        List.of("info", "attach", "logs", "screen", "turns", "pause", "interrupt", "stop")) {
      Ran ran = server.run(command, "nobody");

      assertThat(ran.code()).as(command).isEqualTo(1);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err())
          .isEqualTo(
              "cleat: there is no session with the id or the name 'nobody'; cleat ls lists the"
                  + " sessions\n");
    }
    Ran tool = server.run("new", "no-such-tool");
    assertThat(tool.code()).isEqualTo(1);
    assertThat(tool.err()).contains("no-such-tool", "cleat tools").hasLineCount(1);
  }

  @Test
  void whatTheServerFindsWrongInTheRequestIsWrongUsage() {
    Ran ran = server.run("new", "bash", "--size", "0x100000");

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("size.rows", "size.columns").hasLineCount(1);
  }

  @Test
  void settingsAreChangedAndTheOthersStay() throws Exception {
    String id = server.run("new", "bash", "-l", "a=1", "-l", "b=2", "--name", "before").ok().line();

    server.run("set", id, "--name", "after", "--model", "m", "-l", "c=3", "--no-label", "a").ok();
    server.run("set", "after", "--auto-approve", "Read", "--approval-timeout", "90s").ok();
    server.run("set", "after", "--idle-timeout", "1h", "--revive", "on-prompt").ok();
    server.run("set", "after", "--approval-timeout", "2m").ok();

    Session.Builder now = Printed.info(server, id);
    assertThat(now.getName()).isEqualTo("after");
    assertThat(now.getModel()).isEqualTo("m");
    assertThat(now.getLabelsMap()).isEqualTo(Map.of("b", "2", "c", "3"));
    assertThat(now.getIdleTimeout().getSeconds()).isEqualTo(3600);
    assertThat(now.getRevive()).isEqualTo(RevivePolicy.REVIVE_POLICY_ON_PROMPT);
    assertThat(now.getApprovals().getTimeout().getSeconds()).isEqualTo(120);
    assertThat(now.getApprovals().getAutoApprove(0).getTool()).isEqualTo("Read");

    Ran refused = server.run("set", id, "--mode", "plan");
    assertThat(refused.code()).isNotZero();
    assertThat(refused.err()).contains("agent_mode", "acp");

    server.run("set", id, "--no-auto-approve").ok();
    assertThat(Printed.info(server, id).getApprovals().getAutoApproveList()).isEmpty();
    assertThat(Printed.info(server, id).getApprovals().getTimeout().getSeconds()).isEqualTo(120);
    assertThat(server.run("set", id).code()).isEqualTo(2);
    assertThat(server.run("set", id, "--no-auto-approve", "--auto-approve-all").code())
        .isEqualTo(2);
  }

  @Test
  void aNameThatIsTakenIsSaidWithWhatThisCommandCanDo() {
    server.create("sh", "--pipes", "--name", "had");
    String id = server.create("sh", "--pipes");

    assertThat(server.run("set", id, "--name", "had").err())
        .contains("choose another --name")
        .doesNotContain("--get-or-create");
    assertThat(server.run("new", "sh", "--pipes", "--name", "had").err())
        .contains("choose another --name, or take that session with --get-or-create");
  }

  @Test
  void listShowsWhatMatches() throws Exception {
    server.create("sh", "--pipes", "--name", "listed-1", "--label", "kind=listed");
    String second =
        server.create(
            "sh", "--pipes", "--name", "listed-2", "--label", "kind=listed", "--internal");

    assertThat(server.run("ls", "-l", "kind=listed").ok().out())
        .containsPattern("(?m)^ID +NAME +.* OWNER +AGE$")
        .containsPattern("listed-1 .* anonymous ");
    assertThat(server.run("ls", "-l", "kind=listed").ok().lines()).hasSize(2);
    assertThat(server.run("info", second).ok().out())
        .containsPattern("(?m)^tenant +default$")
        .containsPattern("(?m)^owner +anonymous$");
    assertThat(server.run("ls", "-l", "kind=listed", "-a", "-q").ok().lines())
        .hasSize(2)
        .contains(second);
    assertThat(server.run("ls", "--name-prefix", "listed-", "--state", "exited,lost").ok().lines())
        .singleElement()
        .asString()
        .startsWith("ID");
    for (String line : server.run("ls", "-a", "-l", "kind=listed", "-o", "json").ok().lines()) {
      Session.Builder session = Printed.parse(line, Session.newBuilder());
      assertThat(session.getMode()).isEqualTo(SessionMode.SESSION_MODE_PIPES);
    }
  }

  @Test
  void aSessionIsPausedResumedRestartedStoppedAndRemoved() throws Exception {
    String id = server.bash("life");

    assertThat(server.run("pause", id).ok().line()).isEqualTo(id + " paused");
    assertThat(server.run("resume", id).ok().line()).isEqualTo(id + " running");
    assertThat(server.run("restart", id).ok().line()).startsWith(id);
    soon().until(() -> Printed.info(server, id).getState() == SessionState.SESSION_STATE_RUNNING);
    assertThat(Printed.info(server, id).getRun()).isEqualTo(2);

    Ran running = server.run("rm", id);
    assertThat(running.code()).isEqualTo(1);
    assertThat(running.err()).contains("--force").hasLineCount(1);

    assertThat(server.run("stop", id, "--grace", "1s").ok().line()).startsWith(id + " exited");
    assertThat(server.run("rm", id).ok().line()).isEqualTo(id);
    assertThat(server.run("info", id).code()).isEqualTo(1);
  }

  @Test
  void manyAreStoppedAndRemovedByFilter() {
    for (int i = 0; i < 3; i++) {
      server.create("sh", "--pipes", "--label", "many=yes");
    }

    assertThat(server.run("stop", "-l", "many=yes").ok().lines())
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).contains(" exited"));
    assertThat(server.run("rm", "-l", "many=yes", "-o", "json").ok().lines())
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).matches("\\{\"id\":\".+\"}"));
    assertThat(server.run("ls", "-q", "-l", "many=yes").ok().out()).isEmpty();
  }

  @Test
  void aChildThatIsNamedBehindItsParentIsRemovedWithIt() {
    String parent = server.create("sh", "--pipes", "--label", "kin=yes");
    String child = server.create("sh", "--pipes", "--label", "kin=yes", "--parent", parent);
    String other = server.create("sh", "--pipes", "--label", "kin=yes");

    assertThat(server.run("rm", "-f", parent, child, other).ok().lines())
        .containsExactlyInAnyOrder(parent, child, other);
    assertThat(server.run("ls", "-q", "-l", "kin=yes").ok().out()).isEmpty();
  }

  @Test
  void stopAndRemoveWantToKnowWhich() {
    for (String command : List.of("stop", "rm")) {
      assertThat(server.run(command).code()).isEqualTo(2);
      assertThat(server.run(command, "--all", "one").code()).isEqualTo(2);
    }
  }

  @Test
  void mediaFilesAreListedFetchedAndForgotten(@TempDir Path work) throws Exception {
    String picture = "<svg>ü</svg>";
    Files.createDirectory(work.resolve("plots"));
    Files.writeString(work.resolve("plots/one.svg"), picture);
    server.create("bash", "--name", "painter", "--workdir", work.toString());
    server.run("prompt", "painter", "echo saved plots/one.svg").ok();
    // A list waits no longer than two seconds for a slow disk.
    soon().until(() -> server.run("artifacts", "painter", "-o", "json").ok().lines().size() == 1);

    assertThat(server.run("artifacts", "painter").ok().out())
        .containsPattern("(?m)^ID +TYPE +BYTES +AGE +PATH$")
        .containsPattern("(?m) image\\/svg\\+xml +13 .* plots/one.svg$");
    Artifact artifact =
        Printed.parse(
                server.run("artifacts", "painter", "-o", "json").ok().line(), Artifact.newBuilder())
            .build();
    assertThat(artifact.getName()).isEqualTo("one.svg");
    assertThat(server.run("info", "painter").ok().out()).containsPattern("(?m)^artifacts +1$");

    Path copy = work.resolve("copy.svg");
    assertThat(server.run("artifact", "painter", "one.svg", "--to", copy.toString()).ok().out())
        .isEqualTo(copy + "  image/svg+xml  13 bytes\n");
    assertThat(copy).hasContent(picture);
    Path folder = Files.createDirectory(work.resolve("folder"));
    server.run("artifact", "painter", artifact.getId(), "--to", folder.toString()).ok();
    assertThat(folder.resolve("one.svg")).hasContent(picture);
    Path made = work.resolve("made/here");
    server.run("artifact", "painter", "one.svg", "--to", made + "/").ok();
    assertThat(made.resolve("one.svg")).hasContent(picture);
    Ran noFolder = server.run("artifact", "painter", "one.svg", "--to", copy + "/");
    assertThat(noFolder.code()).isEqualTo(1);
    assertThat(noFolder.err()).contains("cannot write");
    assertThat(copy).hasContent(picture);
    assertThat(server.run("artifact", "painter", "plots/one.svg", "--to", "-").ok().out())
        .isEqualTo(picture);
    Ran unknown = server.run("artifact", "painter", "two.png");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).contains("two.png", "cleat artifacts");

    assertThat(server.run("artifact", "painter", "one.svg", "--to", "/no/such/folder/x").code())
        .isEqualTo(1);

    // What was named a moment ago is looked at again a moment later, and found again.
    soon()
        .until(() -> {
          server.run("artifact", "painter", "one.svg", "--forget");
          return server.run("artifacts", "painter", "-o", "json").ok().out().isEmpty();
        });
    assertThat(work.resolve("plots/one.svg")).exists();
  }

  @Test
  void infoShowsGit(@TempDir Path work) {
    server.create("bash", "--name", "git", "--workdir", work.toString());
    server
        .run(
            "prompt",
            "git",
            "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b"
                + " GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; git init -q -b main;"
                + " echo 1 > f; git add f; git commit -qm 1; git switch -qc other; echo 2 > f;"
                + " git commit -qam 2; git switch -q main; echo 3 > f; git commit -qam 3;"
                + " git merge -q other || true")
        .ok();
    soon()
        .untilAsserted(() ->
            assertThat(server.run("info", "git").ok().out())
                .containsPattern(
                    "(?m)^git +main, merge under way, conflicts: f \\(both modified\\)$"));
  }
}
