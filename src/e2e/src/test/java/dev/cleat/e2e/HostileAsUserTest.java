package dev.cleat.e2e;

import static dev.cleat.e2e.UserServer.attempt;
import static dev.cleat.e2e.UserServer.bash;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Message;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Turn;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a hostile program in a session can do to a server that is not root, and to another tenant's
 * sessions, in the isolation modes that such a server has. All processes are of one user there:
 * where a mode promises nothing, what really happens is asserted, and SECURITY.md says the same.
 */
@Order(6)
class HostileAsUserTest {
  private static final String FOUND = "a-secret-of-[o]thers";

  @RegisterExtension static final Servers SERVERS = new Servers();
  @TempDir static Path world;
  private static UserServer server;

  enum Mode {
    SAME_USER("same", 0),
    SANDBOX("box", 1);

    final String workspace;

    /** How long its programs sleep, which nobody else's do, nor those of another build's tests. */
    final long seconds;

    Mode(String workspace, int number) {
      this.workspace = workspace;
      this.seconds = 10_000_000 + 2 * ProcessHandle.current().pid() + number;
    }

    String sleep() {
      return "sleep " + seconds;
    }

    List<Long> sleeping() throws Exception {
      return Servers.processesRunning("sleep", String.valueOf(seconds));
    }
  }

  @BeforeAll
  static void start() throws Exception {
    server = UserServer.start(SERVERS, world);
  }

  @AfterAll
  static void assertStops() {
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void assertServes() throws Exception {
    server.assertServes();
    server.deleteAll();
    endWhatHasOutlivedItsSession();
  }

  private static void endWhatHasOutlivedItsSession() throws Exception {
    for (Mode mode : Mode.values()) {
      for (long pid : mode.sleeping()) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void readsTheServersFilesOnlyInTheSameUser(Mode mode) throws Exception {
    Session _ = server.victim("box");
    Session session = server.shell(mode.workspace);
    boolean works = mode == Mode.SAME_USER;
    Path data = server.data();
    for (Path file :
        List.of(
            data.resolve("state.db"),
            data.resolve("ticket-keys.yaml"),
            world.resolve("tokens.yaml"))) {
      assertThat(file).isRegularFile();
      attempt(session, "cat " + file + " >/dev/null", works);
    }
    attempt(session, "grep -rqa '%s' %s".formatted(FOUND, data.resolve("journals")), works);
    attempt(session, "ls " + data, works);
    attempt(session, "touch " + data.resolve("mine"), works);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void looksIntoTheServersProcessInNoMode(Mode mode) throws Exception {
    Session session = server.shell(mode.workspace);
    boolean works = mode == Mode.SAME_USER;
    String process = "/proc/" + server.process().pid() + "/";
    for (String what : List.of("environ", "mem", "maps")) {
      attempt(session, "(: < " + process + what + ")", false);
    }
    for (String what : List.of("fd", "root", "cwd")) {
      attempt(session, "ls " + process + what + "/ >/dev/null", false);
    }
    attempt(session, "grep -qaz 'SERVERS_K[E]Y=' /proc/[0-9]*/environ", false);
    attempt(session, "env | grep -q 'SERVERS_K[E]Y='", false);
    // That it is there, and how it was started, is for all of its user to see.
    attempt(session, "grep -qz java " + process + "cmdline", works);
    attempt(session, "kill -0 " + server.process().pid(), works);
    if (!works) {
      attempt(session, "kill -KILL " + server.process().pid(), false);
      // The first process of a sandbox is its own, and does not end by it.
      attempt(session, "kill -KILL -1; true", true);
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void reachesAnotherTenantOnlyInTheSameUser(Mode mode) throws Exception {
    Session session = server.shell(mode.workspace);
    boolean works = mode == Mode.SAME_USER;
    for (String workspace : List.of("same", "box")) {
      Session victim = server.victim(workspace);
      attempt(victim, "(" + mode.sleep() + " >/dev/null 2>&1 &)", true);
      Await.until("it runs", () -> mode.sleeping().size() == 1);
      long pid = mode.sleeping().getFirst();
      attempt(session, "cat " + victim.info().workdir() + "/secret", works);
      attempt(session, "touch " + victim.info().workdir() + "/mine", works);
      attempt(session, "grep -qaz '%s' /proc/%d/environ".formatted(FOUND, pid), works);
      attempt(session, "grep -qz sleep /proc/" + pid + "/cmdline", works);
      attempt(session, "kill -KILL " + pid, works);
      if (works) {
        Await.until("it is killed", () -> mode.sleeping().isEmpty());
      } else {
        assertThat(mode.sleeping()).containsExactly(pid);
        victim.stop();
        endWhatHasOutlivedItsSession();
        Await.until("it has ended", () -> mode.sleeping().isEmpty());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void doesNotGetOutOfItsDirectoryByLinksAndDots(Mode mode) throws Exception {
    Path victim = Path.of(server.victim("box").info().workdir());
    Session session = server.shell(mode.workspace);
    Path own = Path.of(session.info().workdir());
    boolean works = mode == Mode.SAME_USER;
    attempt(session, "cat " + own.relativize(victim) + "/secret", works);
    attempt(session, "ln -sfn " + victim + " out && cat out/secret", works);
    attempt(session, "ln -sfn " + server.data() + " data && ls data/", works);
    attempt(
        session, "ln -sfn /proc/%d/root root && ls root/".formatted(server.process().pid()), false);

    for (Path way :
        List.of(
            own.resolve("out"),
            own.resolve("data"),
            victim,
            Path.of("/"),
            own.resolve(own.relativize(victim)))) {
      CleatException refusal =
          catchThrowableOfType(
              CleatException.class,
              () -> server.attackers().create(bash(mode.workspace).workdir(way.toString())));
      assertThat(refusal.reason()).as("in %s", way).isEqualTo("NOT_ALLOWED");
    }
  }

  /** What a sandbox is given it may write in, as the server's user that it is. */
  @Test
  void aSandboxIsGivenNoDirectoryWhereThePolicyNamesNone() throws Exception {
    Path victim = Path.of(server.victim("box").info().workdir());
    attempt(server.shell("bare"), "date > own && cat own", true);
    for (Path way : List.of(victim, world, world.resolve("home"), Path.of("/etc"))) {
      CleatException refusal =
          catchThrowableOfType(
              CleatException.class,
              () -> server.attackers().create(bash("bare").workdir(way.toString())));
      assertThat(refusal.reason()).as("in %s", way).isEqualTo("NOT_ALLOWED");
      assertThat(refusal).hasMessageContaining("workdir").hasMessageContaining("left out");
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void doesNotFillTheDisk(Mode mode) throws Exception {
    Session session = server.shell(mode.workspace);
    attempt(session, "dd if=/dev/zero of=big bs=1M count=32 2>/dev/null", false);
    assertThat(session.prompt("stat -c %s big").output().strip()).isEqualTo("" + (8 << 20));

    session.sendInput("yes $(seq 1000)\n".getBytes(StandardCharsets.UTF_8));
    Await.until("it has its quota", () -> journalBytes() >= UserServer.JOURNAL_BYTES);
    assertThat(sizeOf(JournalFiles.of(server.data(), UserServer.ATTACKER + "_" + session.id())))
        .isLessThanOrEqualTo(UserServer.JOURNAL_BYTES + (256 << 10));
    session.delete(true);
    assertThat(journalBytes()).isLessThan(UserServer.JOURNAL_BYTES);
  }

  private static long journalBytes() {
    return server.attackers().quotas().stream()
        .filter(quota -> quota.name().equals("journal_bytes"))
        .findFirst()
        .orElseThrow()
        .used()
        .orElseThrow();
  }

  private static long sizeOf(JournalFiles journal) throws Exception {
    long size = 0;
    for (Path segment : journal.segments()) {
      size += Files.size(segment);
    }
    return size;
  }

  /**
   * Without a control group nothing bounds it in the same user, as the log says, and the server
   * goes on. A sandbox is bounded by itself.
   */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void forksUpToItsLimitInASandboxOrAControlGroup(Mode mode) throws Exception {
    Session session = server.shell(mode.workspace);
    String made =
        session
            .prompt(
                ("perl -e 'for (1..%d) { my $p = fork; last unless defined $p; if (!$p) { sleep"
                        + " 60; exit } push @p, $p } kill 9, @p; 1 while wait > 0; print"
                        + " scalar(@p)'; echo")
                    .formatted(3 * UserServer.PROCESSES))
            .output();
    int count = Integer.parseInt(made.strip());
    if (mode != Mode.SANDBOX && saysOf(mode, "NOT limited: processes")) {
      assertThat(count).isEqualTo(3 * UserServer.PROCESSES);
    } else {
      assertThat(count).isBetween(1, UserServer.PROCESSES);
    }
  }

  /** What the server said of a workspace at its start. */
  private static boolean saysOf(Mode mode, String words) {
    return server.process().errors().stream()
        .filter(line -> line.contains("Workspace " + mode.workspace + ":"))
        .anyMatch(line -> line.contains(words));
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void outlivesItsSessionOnlyInTheSameUserWithoutAControlGroup(Mode mode) throws Exception {
    Session session = server.shell(mode.workspace);
    attempt(
        session,
        "(setsid nohup setsid %1$s >/dev/null 2>&1 </dev/null &)".formatted(mode.sleep()),
        true);
    Await.until("it runs", () -> mode.sleeping().size() == 1);
    session.stop();
    if (mode == Mode.SANDBOX || saysOf(mode, "a control group ends")) {
      Await.until("it ends with its session", () -> mode.sleeping().isEmpty());
    } else {
      assertThat(mode.sleeping()).hasSize(1);
    }
  }

  /** A title, the clipboard, a question, a control character of eight bits. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void sequencesReachNobodyWhoDidNotAskForThem(Mode mode) throws Exception {
    String evil = "\\033]2;own\\033ed\\007\\033]52;c;b3duZWQ=\\007\\033[5n\\302\\23331mseen\\n";
    Session shell = server.shell(mode.workspace);
    shell.prompt("printf '" + evil + "'");
    Session ended =
        server
            .attackers()
            .create(
                NewSession.of("sh")
                    .workspace(mode.workspace)
                    .args(List.of("-c", "printf '" + evil + "' >&2; exit 3"))
                    .onPipes());
    Await.until("it has ended", () -> ended.refresh().exit().isPresent());
    CleatException refusal = catchThrowableOfType(CleatException.class, () -> ended.prompt("more"));
    Stream<String> said =
        Stream.of(
                server.attackers().list().stream().map(SessionInfo::raw),
                shell.turns(10).stream().map(Turn::raw))
            .flatMap(all -> all)
            .flatMap(HostileAsUserTest::texts);
    Stream<String> shown =
        Stream.of(
            server.cli("ls"),
            server.cli("info", shell.id()),
            server.cli("info", ended.id()),
            server.cli("turns", shell.id()),
            server.cli("screen", shell.id()),
            server.cli("logs", "--plain", shell.id()));
    assertThat(
            Stream.of(
                    said,
                    shown,
                    Stream.of(refusal.getMessage()),
                    server.process().errors().stream())
                .flatMap(all -> all))
        .allSatisfy(text -> assertThat(text).doesNotContainPattern("[\\p{Cc}&&[^\n\t]]"))
        .anyMatch(text -> text.contains("seen"));
  }

  /** Every text in a message. */
  private static Stream<String> texts(Object value) {
    return switch (value) {
      case String text -> Stream.of(text);
      case Collection<?> all -> all.stream().flatMap(HostileAsUserTest::texts);
      case Message message ->
          message.getAllFields().values().stream().flatMap(HostileAsUserTest::texts);
      default -> Stream.empty();
    };
  }

  @Test
  void ownUserIsRefusedAtTheStartAndByAPolicyThatIsReadAgain(@TempDir Path other) throws Exception {
    Path policy = other.resolve("policy.yaml");
    String own =
        UserServer.policy(other)
                .replace("attacker: {workspaces: [", "attacker: {user: 20001, workspaces: [own, ")
            + "  own: {isolation: own-user, roots: ['%s/roots/{tenant}']}\n".formatted(other);
    Files.writeString(policy, own);
    Servers.Refusal refusal = SERVERS.refused(UserServer.command(other));
    assertThat(refusal.exitCode()).isNotZero();
    assertThat(refusal.errors())
        .anyMatch(line ->
            line.contains("workspace own: isolation: own-user needs a server that runs as root"));

    try (UserServer it = UserServer.start(SERVERS, other)) {
      assertThat(refusedInOwn(it).reason()).isEqualTo("NOT_ALLOWED");
      Path draft = Files.writeString(other.resolve("policy.new"), own);
      Files.move(draft, policy, StandardCopyOption.ATOMIC_MOVE);
      Await.until("it is read", () -> !refusedInOwn(it).reason().equals("NOT_ALLOWED"));
      assertThat(refusedInOwn(it))
          .hasMessageContaining("own-user needs a server that runs as root");
      assertThat(it.attackers().list()).isEmpty();
      it.assertServes();
    }
  }

  private static CleatException refusedInOwn(UserServer server) {
    CleatException refusal =
        catchThrowableOfType(CleatException.class, () -> server.attackers().create(bash("own")));
    assertThat(refusal).as("there is a session as the server's user").isNotNull();
    return refusal;
  }
}
