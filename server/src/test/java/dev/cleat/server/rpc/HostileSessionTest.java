package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_NOT_ALLOWED;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.StopRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a program in a session can do to the server and to other tenants, in each isolation mode,
 * with a server that runs as root. Where a mode promises nothing, what really happens is asserted:
 * SECURITY.md says the same.
 */
@Isolated("attacks this process, and looks at all processes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileSessionTest {
  private static final int OWN = 20_001;
  private static final int OTHER = 20_002;
  private static final int PROCESSES = 60;
  private static final Caller OTHERS = new Caller("other", "eve", Role.ROLE_OWNER, null);
  private static final long SERVER = ProcessHandle.current().pid();

  enum Mode {
    SAME_USER("same", 601_001),
    OWN_USER("own", 601_002),
    SANDBOX("box", 601_003);

    private final String workspace;
    private final int seconds;

    Mode(String workspace, int seconds) {
      this.workspace = workspace;
      this.seconds = seconds;
    }
  }

  private Path world;
  private Path data;
  private Path key;
  private Path others;
  private Process victim;
  private TestServer server;
  private PolicySessions sessions;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to be other users");
    assumeTrue(PolicySessions.has("setpriv"), "needs setpriv");
    assumeTrue(PolicySessions.has("bwrap"), "needs bwrap");
    world = PolicySessions.open(folder);
    data = world.resolve("data");
    key = PolicySessions.give(Files.writeString(world.resolve("server.key"), "a key"), 0);
    final Path roots = PolicySessions.open(world.resolve("roots"));
    others = PolicySessions.give(Files.createDirectory(roots.resolve("other")), OTHER);
    PolicySessions.give(Files.writeString(others.resolve("secret"), "a secret"), OTHER);
    victim = asOther("exec sleep 600");
    final Path policy =
        Files.writeString(
            world.resolve("policy.yaml"),
            """
            tenants:
              default: {user: %1$d, default_workspace: own, quotas: {journal_bytes: 16MiB}}
              other: {user: %2$d, default_workspace: own}
            workspaces:
              same:
                limits: {file_size: 8MiB, processes: %3$d, open_files: 256}
                roots: ['%4$s/roots/same-{tenant}']
              own:
                isolation: own-user
                limits: {file_size: 8MiB, processes: %3$d, open_files: 256}
                roots: ['%4$s/roots/{tenant}']
              box:
                isolation: sandbox
                limits: {file_size: 8MiB, processes: %3$d, open_files: 256}
                roots: ['%4$s/roots/{tenant}']
              offline:
                isolation: sandbox
                network: false
                roots: ['%4$s/roots/{tenant}']
            """
                .formatted(OWN, OTHER, PROCESSES, world));
    server =
        TestServer.start(
            data, Map.of("policy", policy.toString(), "isolation.allow_same_user", "true"));
    sessions = new PolicySessions(server);
  }

  @AfterAll
  void stop() {
    if (victim != null) {
      victim.destroyForcibly();
    }
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void stopAll() {
    // By rlimits, processes are counted for the tenant's user: those of one test are another's.
    sessions.stopAll();
  }

  private static Process asOther(String script) throws IOException {
    return new ProcessBuilder(
            "setpriv", "--reuid=" + OTHER, "--regid=" + OTHER, "--clear-groups", "sh", "-c", script)
        .start();
  }

  private void attempt(Session session, String command, boolean works) {
    assertThat(sessions.works(session, command)).as(command).isEqualTo(works);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void readsTheServersFilesOnlyAsItsUser(Mode mode) {
    final Session session = sessions.bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    attempt(session, "cat " + data.resolve("state.db") + " >/dev/null", works);
    attempt(
        session,
        "find "
            + data.resolve("journals")
            + " -type f -size +0 | grep -q . && cat $(find "
            + data.resolve("journals")
            + " -type f) | grep -qa .",
        works);
    attempt(session, "ls " + data, works);
    attempt(session, "cat " + key, works);
    attempt(session, "touch " + data.resolve("mine-" + mode), works);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void looksIntoTheServersProcessOnlyAsRoot(Mode mode) {
    final Session session = sessions.bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    for (String what : List.of("environ", "mem", "maps")) {
      attempt(session, "(: < /proc/" + SERVER + "/" + what + ")", works);
    }
    for (String what : List.of("fd", "root", "cwd")) {
      attempt(session, "ls /proc/" + SERVER + "/" + what + "/ >/dev/null", works);
    }
    attempt(session, "kill -0 " + SERVER, works);
    if (!works) {
      attempt(session, "kill -KILL " + SERVER, false);
    }
    // Its number says nothing: a sandbox has numbers of its own.
    attempt(
        session, "grep -qz -- " + "java" + " /proc/" + SERVER + "/cmdline", mode != Mode.SANDBOX);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void reachesAnotherTenantsFilesAndProcessesOnlyAsRoot(Mode mode) {
    final Session session = sessions.bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    attempt(session, "cat " + others.resolve("secret"), works);
    attempt(session, "ls " + others, works);
    attempt(session, "kill -0 " + victim.pid(), works);
    attempt(session, "(: < /proc/" + victim.pid() + "/environ)", works);
    attempt(session, "(: > /proc/" + victim.pid() + "/mem)", works);
    assertThat(victim.isAlive()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void reachesAnotherSessionOfItsTenantExceptFromASandbox(Mode mode) throws Exception {
    final Session other = sessions.bash(mode.workspace);
    final Session session = sessions.bash(mode.workspace);
    final boolean works = mode != Mode.SANDBOX;
    final String duration = (mode.seconds + 10) + "." + SERVER;
    attempt(other, "echo mine > kept; (sleep %s &)".formatted(duration), true);
    Awaitility.await().until(() -> running("sleep\0" + duration).size() == 1);
    final long pid = running("sleep\0" + duration).getFirst().pid();
    attempt(session, "cat " + workdir(other) + "/kept", works);
    attempt(session, "(: < /proc/" + pid + "/environ)", works);
    attempt(session, "tr '\\0' ' ' < /proc/" + pid + "/cmdline | grep -q " + duration, works);
    attempt(session, "kill -KILL " + pid, works);
    if (works) {
      Awaitility.await().until(() -> running("sleep\0" + duration).isEmpty());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void doesNotGetOutOfItsDirectoryByLinksAndDots(Mode mode) {
    final Session session = sessions.bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    attempt(session, "cat ../../other/secret", works);
    attempt(session, "ln -s " + others + " out && cat out/secret", works);
    attempt(session, "ln -s /proc/" + SERVER + "/root root && ls root/", works);

    final Path own = workdir(session);
    for (String way :
        List.of(own + "/out", own + "/../../other", "/", data.toString(), own + "/root/etc")) {
      refusedThere(mode, way);
    }
  }

  private void refusedThere(Mode mode, String workdir) {
    Refused.by(() ->
            sessions.create(
                CreateRequest.newBuilder()
                    .setTool("bash")
                    .setWorkspace(mode.workspace)
                    .setWorkdir(workdir)))
        .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
  }

  private Path workdir(Session session) {
    return Path.of(
        server
            .sessions()
            .get(GetRequest.newBuilder().setSessionId(session.getId()).build())
            .getSession()
            .getWorkdir());
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void inheritsNothingOfTheServers(Mode mode) throws Exception {
    final Session session = sessions.bash(mode.workspace);
    assertThat(sessions.output(session, "echo $(ls /proc/$BASHPID/fd)").split("\\s+", -1))
        .as("the standard streams, and what ls reads")
        .containsExactly("0", "1", "2", "3");
    attempt(session, "env -0 | sed -z 's/=.*//' | tr '\\0' ' ' > names", true);
    assertThat(Files.readString(workdir(session).resolve("names")).strip().split("\\s+", -1))
        .contains("CLEAT_SESSION_ID", "HOME", "PATH", "TERM")
        .isSubsetOf(
            "CLEAT_SESSION_ID",
            "HOME",
            "PATH",
            "TERM",
            "COLORTERM",
            "LANG",
            "LC_ALL",
            "LC_CTYPE",
            "USER",
            "LOGNAME",
            "SHELL",
            "TZ",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_");
    if (mode != Mode.SAME_USER) {
      assertThat(sessions.output(session, "id -u; id -G").split("\\s+", -1))
          .containsExactly("" + OWN, "" + OWN);
      assertThat(sessions.output(session, "grep -E 'NoNewPrivs|CapEff|CapBnd' /proc/self/status"))
          .containsPattern("NoNewPrivs:\\s+1")
          .containsPattern("CapEff:\\s+0000000000000000")
          .containsPattern("CapBnd:\\s+0000000000000000");
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void cannotMakeAFileLongerThanItsLimit(Mode mode) {
    final Session session = sessions.bash(mode.workspace);
    attempt(session, "dd if=/dev/zero of=big bs=1M count=32 2>/dev/null", false);
    assertThat(sessions.output(session, "stat -c %s big")).isEqualTo("" + (8 << 20));
    assertThat(sessions.output(session, "ulimit -n; ulimit -c").split("\\s+", -1))
        .containsExactly("256", "0");
  }

  /** What it prints is kept on the disk: up to its tenant's quota, where it stands still. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void cannotFillTheDiskByPrinting(Mode mode) throws Exception {
    final Session session = sessions.bash(mode.workspace);
    final var _ =
        server
            .sessions()
            .sendInput(
                SendInputRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setData(ByteString.copyFromUtf8("yes $(seq 1000)\n"))
                    .build());
    final long limit = 16 << 20;
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> sessions.quota("journal_bytes").getUsed() >= limit);
    assertThat(journal(session)).isLessThanOrEqualTo(limit + (256 << 10));
    assertThat(new PolicySessions(server, OTHERS).works(others(), "date")).isTrue();
    final var _ =
        server
            .sessions()
            .delete(
                DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
    assertThat(sessions.quota("journal_bytes").getUsed()).isLessThan(limit);
    assertServes();
  }

  private Session others() {
    return new PolicySessions(server, OTHERS).bash("own");
  }

  private long journal(Session session) throws IOException {
    try (Stream<Path> files = Files.list(data.resolve("journals/journals/" + session.getId()))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void forksUpToItsLimitWhereThereIsOneForIt(Mode mode) {
    final Session session = sessions.bash(mode.workspace);
    final boolean grouped = limitsProcesses(session);
    // Three times the limit and no more, should there be none.
    final String made =
        sessions.output(
            session,
            ("perl -e 'for (1..%d) { my $p = fork; last unless defined $p; if (!$p) { sleep 60;"
                    + " exit } push @p, $p } kill 9, @p; 1 while wait > 0; print scalar(@p)'; echo")
                .formatted(3 * PROCESSES));
    final int count = Integer.parseInt(made.replaceAll("\\D", ""));
    if (mode == Mode.SAME_USER && !grouped) {
      assertThat(count).isEqualTo(3 * PROCESSES);
    } else {
      assertThat(count).isBetween(1, PROCESSES);
    }
    stop(session);
    assertServes();
  }

  /** Whether a control group counts the processes of a session. */
  private boolean limitsProcesses(Session session) {
    return sessions.works(
        session, "test -e /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/pids.max");
  }

  private void stop(Session session) {
    final var _ =
        server.sessions().stop(StopRequest.newBuilder().setSessionId(session.getId()).build());
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void doesNotOutliveItsSession(Mode mode) throws Exception {
    final Session session = sessions.bash(mode.workspace);
    final String duration = mode.seconds + "." + SERVER;
    final boolean held =
        mode == Mode.SANDBOX || sessions.works(session, "grep -q cleat- /proc/self/cgroup");
    attempt(
        session,
        "(setsid nohup setsid sh -c 'sleep %s & sleep %s' >/dev/null 2>&1 </dev/null &)"
            .formatted(duration, duration),
        true);
    Awaitility.await().until(() -> running(duration).size() == 3);
    stop(session);
    if (held) {
      Awaitility.await().until(() -> running(duration).isEmpty());
    } else {
      assertThat(running(duration)).hasSize(3);
      running(duration).forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static List<ProcessHandle> running(String word) throws IOException {
    final List<ProcessHandle> found = new ArrayList<>();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      try {
        if (Files.readString(Path.of("/proc", "" + process.pid(), "cmdline")).contains(word)) {
          found.add(process);
        }
      } catch (IOException e) {
        // Ended meanwhile.
      }
    }
    return found;
  }

  @Test
  void aSandboxSeesNoProcessAndNoUserButItsOwn() {
    final Session session = sessions.bash("box");
    assertThat(sessions.output(session, "echo /proc/[0-9]*").split(" ", -1)).hasSizeBetween(2, 4);
    attempt(session, "touch /usr/mine", false);
    attempt(session, "echo x >> /etc/passwd", false);
    attempt(session, "ls " + world.resolve("policy.yaml"), false);
    attempt(session, "touch /tmp/mine && touch mine", true);
    attempt(session, "mount -t tmpfs none /mnt 2>/dev/null", false);
    attempt(session, "unshare --user --map-root-user cat " + key, false);
  }

  @Test
  void aSandboxWithoutTheNetworkHasItsOwnLoopbackOnly() {
    final Session session = sessions.bash("offline");
    assertThat(sessions.output(session, "tail -n +3 /proc/net/dev | cut -d: -f1 | xargs"))
        .isEqualTo("lo");
    attempt(session, "(: < /dev/tcp/127.0.0.1/" + server.port() + ") 2>/dev/null", false);
    attempt(
        sessions.bash("box"), "(: < /dev/tcp/127.0.0.1/" + server.port() + ") 2>/dev/null", true);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void whatTheServerRemovesForIsNotWhatALinkLeadsTo(Mode mode) throws Exception {
    final Session session = sessions.bash(mode.workspace);
    final Path kept = Files.createDirectory(world.resolve("kept-" + mode));
    Files.writeString(kept.resolve("file"), "kept");
    attempt(session, "mkdir a && ln -s " + kept + " a/link && echo x > a/b", true);
    final Path own = workdir(session);
    assertThat(own).isDirectory();
    final var _ =
        server
            .sessions()
            .delete(
                DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
    assertThat(own).doesNotExist();
    assertThat(kept.resolve("file")).hasContent("kept");
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void aVariableOfTheCallersIsTheProgramsAndNotTheChains(Mode mode) throws Exception {
    final Path evidence = world.resolve("loaded-" + mode);
    final Session session =
        sessions.create(
            PolicySessions.bash()
                .setWorkspace(mode.workspace)
                .putEnv("BASH_ENV", "/dev/null")
                .putEnv("ENV", evidence.toString())
                .putEnv("PATH", "/usr/bin:/bin")
                .putEnv("A$B ${HOME} \\c '\"x", "y z")
                .putEnv("-u", "$(touch " + evidence + ") ${HOME} \\ ' \""));
    assertThat(sessions.output(session, "env -0 | grep -z -e '^-u' -e '^A\\$B' | tr '\\0' '\\n'"))
        .contains("-u=$(touch " + evidence + ") ${HOME} \\ ' \"")
        .contains("A$B ${HOME} \\c '\"x=y z");
    assertThat(evidence).doesNotExist();
    // Who looks from outside sees no value either.
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      final Path cmdline = Path.of("/proc", "" + process.pid(), "cmdline");
      if (process.pid() != SERVER && Files.isReadable(cmdline)) {
        try {
          assertThat(Files.readString(cmdline)).doesNotContain("touch " + evidence + ")");
        } catch (IOException e) {
          // Ended meanwhile.
        }
      }
    }
  }

  private void assertServes() {
    assertThat(sessions.output(sessions.bash("own"), "echo serves")).contains("serves");
  }

  @Test
  void afterAllTheServerServesAndNothingIsLeftOfEndedSessions() throws Exception {
    assertServes();
    final Session session = sessions.bash("box");
    stop(session);
    assertThat(victim.waitFor(0, TimeUnit.SECONDS)).isFalse();
  }
}
