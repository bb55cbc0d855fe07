package dev.cleat.server.rpc;

import static dev.cleat.server.rpc.AttackedServer.PROCESSES;
import static dev.cleat.server.rpc.AttackedServer.SERVER;
import static dev.cleat.server.rpc.AttackedServer.running;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.rpc.AttackedServer.Mode;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How much a program in a session can take, and for how long, in each isolation mode, with a server
 * that runs as root. What really happens is asserted, as in {@link HostileSessionTest}.
 */
@Isolated("attacks this process, and looks at all processes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GreedySessionTest {
  private static final Caller OTHERS = new Caller("other", "eve", Role.ROLE_OWNER, null);

  private AttackedServer attacked;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    attacked = AttackedServer.start(folder);
  }

  @AfterAll
  void stop() {
    if (attacked != null) {
      attacked.close();
    }
  }

  @AfterEach
  void stopAll() {
    // By rlimits, processes are counted for the tenant's user: those of one test are another's.
    attacked.sessions().stopAll();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void cannotMakeAFileLongerThanItsLimit(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace);
    attacked.attempt(session, "dd if=/dev/zero of=big bs=1M count=32 2>/dev/null", false);
    assertThat(attacked.sessions().output(session, "stat -c %s big")).isEqualTo("" + (8 << 20));
    assertThat(attacked.sessions().output(session, "ulimit -n; ulimit -c").split("\\s+", -1))
        .containsExactly("256", "0");
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void cannotTakeMoreMemoryThanItsLimit(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace + "-little");
    attacked.attempt(session, "perl -e '$x = \"x\" x (16 << 20)'", true);
    attacked.attempt(session, "perl -e '$x = \"x\" x (256 << 20)' 2>/dev/null", false);
    attacked.attempt(session, "true", true);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void cannotComputeForLongerThanItsLimit(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace + "-little");
    attacked.attempt(session, "perl -e '1 while 1'", false);
    attacked.attempt(session, "date > done", true);
    attacked.assertServes();
  }

  /** What it prints is kept on the disk: up to its tenant's quota, where it stands still. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void cannotFillTheDiskByPrinting(Mode mode) throws Exception {
    final Session session = attacked.sessions().bash(mode.workspace);
    final var _ =
        attacked
            .server()
            .sessions()
            .sendInput(
                SendInputRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setData(ByteString.copyFromUtf8("yes $(seq 1000)\n"))
                    .build());
    final long limit = 16 << 20;
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> attacked.sessions().quota("journal_bytes").getUsed() >= limit);
    assertThat(journal(session)).isLessThanOrEqualTo(limit + (256 << 10));
    assertThat(new PolicySessions(attacked.server(), OTHERS).works(ofOthers(), "date")).isTrue();
    final var _ =
        attacked
            .server()
            .sessions()
            .delete(
                DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
    assertThat(attacked.sessions().quota("journal_bytes").getUsed()).isLessThan(limit);
    attacked.assertServes();
  }

  private Session ofOthers() {
    return new PolicySessions(attacked.server(), OTHERS).bash("own");
  }

  private long journal(Session session) throws IOException {
    try (Stream<Path> files =
        Files.list(attacked.data().resolve("journals/journals/" + session.getId()))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void forksUpToItsLimitWhereThereIsOneForIt(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean grouped = limitsProcesses(session);
    // Three times the limit and no more, should there be none.
    final String made =
        attacked
            .sessions()
            .output(
                session,
                ("perl -e 'for (1..%d) { my $p = fork; last unless defined $p; if (!$p) { sleep 60;"
                        + " exit } push @p, $p } kill 9, @p; 1 while wait > 0; print scalar(@p)';"
                        + " echo")
                    .formatted(3 * PROCESSES));
    final int count = Integer.parseInt(made.replaceAll("\\D", ""));
    if (mode == Mode.SAME_USER && !grouped) {
      assertThat(count).isEqualTo(3 * PROCESSES);
    } else {
      assertThat(count).isBetween(1, PROCESSES);
    }
    attacked.stop(session);
    attacked.assertServes();
  }

  /** Whether a control group counts the processes of a session. */
  private boolean limitsProcesses(Session session) {
    return attacked
        .sessions()
        .works(session, "test -e /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/pids.max");
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void doesNotOutliveItsSession(Mode mode) throws Exception {
    final Session session = attacked.sessions().bash(mode.workspace);
    final String duration = mode.seconds + "." + SERVER;
    final boolean held =
        mode != Mode.SAME_USER
            || attacked.sessions().works(session, "grep -q cleat- /proc/self/cgroup");
    attacked.attempt(
        session,
        "(setsid nohup setsid sh -c 'sleep %s & sleep %s' >/dev/null 2>&1 </dev/null &)"
            .formatted(duration, duration),
        true);
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> running(duration).size() == 3);
    attacked.stop(session);
    if (held) {
      Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> running(duration).isEmpty());
    } else {
      assertThat(running(duration)).hasSize(3);
      running(duration).forEach(ProcessHandle::destroyForcibly);
    }
  }
}
