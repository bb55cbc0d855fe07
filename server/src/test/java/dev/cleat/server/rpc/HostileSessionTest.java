package dev.cleat.server.rpc;

import static dev.cleat.server.rpc.AttackedServer.OWN;
import static dev.cleat.server.rpc.AttackedServer.PRINTED;
import static dev.cleat.server.rpc.AttackedServer.SERVER;
import static dev.cleat.server.rpc.AttackedServer.running;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NOT_ALLOWED;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.Message;
import dev.cleat.server.rpc.AttackedServer.Mode;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetScreenRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.OutputEncoding;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
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
import org.slf4j.LoggerFactory;

/**
 * What a program in a session can reach of the server and of other tenants, in each isolation mode,
 * with a server that runs as root. Where a mode promises nothing, what really happens is asserted:
 * SECURITY.md says the same.
 */
@Isolated("attacks this process, and looks at all processes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileSessionTest {
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
  void readsTheServersFilesOnlyAsItsUser(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    attacked.attempt(session, "cat " + attacked.data().resolve("state.db") + " >/dev/null", works);
    attacked.attempt(
        session,
        "find "
            + attacked.data().resolve("journals")
            + " -type f -size +0 | grep -q . && cat $(find "
            + attacked.data().resolve("journals")
            + " -type f) | grep -qa .",
        works);
    attacked.attempt(session, "ls " + attacked.data(), works);
    attacked.attempt(session, "cat " + attacked.key(), works);
    attacked.attempt(session, "touch " + attacked.data().resolve("mine-" + mode), works);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void looksIntoTheServersProcessOnlyAsRoot(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    for (String what : List.of("environ", "mem", "maps")) {
      attacked.attempt(session, "(: < /proc/" + SERVER + "/" + what + ")", works);
    }
    for (String what : List.of("fd", "root", "cwd")) {
      attacked.attempt(session, "ls /proc/" + SERVER + "/" + what + "/ >/dev/null", works);
    }
    attacked.attempt(session, "kill -0 " + SERVER, works);
    if (!works) {
      attacked.attempt(session, "kill -KILL " + SERVER, false);
    }
    // Its number says nothing: a sandbox has numbers of its own.
    attacked.attempt(
        session, "grep -qz -- " + "java" + " /proc/" + SERVER + "/cmdline", mode != Mode.SANDBOX);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void reachesAnotherTenantsFilesAndProcessesOnlyAsRoot(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    attacked.attempt(session, "cat " + attacked.others().resolve("secret"), works);
    attacked.attempt(session, "ls " + attacked.others(), works);
    attacked.attempt(session, "kill -0 " + attacked.victim().pid(), works);
    attacked.attempt(session, "(: < /proc/" + attacked.victim().pid() + "/environ)", works);
    attacked.attempt(session, "(: > /proc/" + attacked.victim().pid() + "/mem)", works);
    assertThat(attacked.victim().isAlive()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void readsAnotherTenantsJournalOnlyAsRoot(Mode mode) throws Exception {
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    final Path journal = attacked.othersJournal();
    try (Stream<Path> segments = Files.list(journal)) {
      for (Path segment : segments.filter(Files::isRegularFile).toList()) {
        attacked.attempt(session, "cat " + segment + " >/dev/null", works);
        attacked.attempt(session, "(: >> " + segment + ")", works);
      }
    }
    attacked.attempt(session, "ls " + journal, works);
    attacked.attempt(session, "grep -rqa '%s' %s".formatted(PRINTED, journal), works);
    attacked.attempt(session, "grep -rqa '%s' %s".formatted(PRINTED, attacked.data()), works);
    attacked.attempt(
        session, "ln -s %s journal && grep -rqa '%s' journal/".formatted(journal, PRINTED), works);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void reachesAnotherSessionOfItsTenantExceptFromASandbox(Mode mode) throws Exception {
    final Session other = attacked.sessions().bash(mode.workspace);
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean works = mode != Mode.SANDBOX;
    final String duration = (mode.seconds + 10) + "." + SERVER;
    attacked.attempt(other, "echo mine > kept; (sleep %s &)".formatted(duration), true);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> running("sleep\0" + duration).size() == 1);
    final long pid = running("sleep\0" + duration).getFirst().pid();
    attacked.attempt(session, "cat " + attacked.workdir(other) + "/kept", works);
    attacked.attempt(session, "(: < /proc/" + pid + "/environ)", works);
    attacked.attempt(
        session, "tr '\\0' ' ' < /proc/" + pid + "/cmdline | grep -q " + duration, works);
    attacked.attempt(session, "kill -KILL " + pid, works);
    if (works) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> running("sleep\0" + duration).isEmpty());
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void doesNotGetOutOfItsDirectoryByLinksAndDots(Mode mode) {
    final Session session = attacked.sessions().bash(mode.workspace);
    final boolean works = mode == Mode.SAME_USER;
    attacked.attempt(session, "cat ../../other/secret", works);
    attacked.attempt(session, "ln -s " + attacked.others() + " out && cat out/secret", works);
    attacked.attempt(session, "ln -s /proc/" + SERVER + "/root root && ls root/", works);

    final Path own = attacked.workdir(session);
    for (String way :
        List.of(
            own + "/out",
            own + "/../../other",
            "/",
            attacked.data().toString(),
            own + "/root/etc")) {
      refusedThere(mode, way);
    }
  }

  private void refusedThere(Mode mode, String workdir) {
    Refused.by(() ->
            attacked
                .sessions()
                .create(
                    CreateRequest.newBuilder()
                        .setTool("bash")
                        .setWorkspace(mode.workspace)
                        .setWorkdir(workdir)))
        .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void inheritsNothingOfTheServers(Mode mode) throws Exception {
    final Session session = attacked.sessions().bash(mode.workspace);
    assertThat(
            attacked.sessions().output(session, "echo $(ls /proc/$BASHPID/fd)").split("\\s+", -1))
        .as("the standard streams, and what ls reads")
        .containsExactly("0", "1", "2", "3");
    attacked.attempt(session, "env -0 | sed -z 's/=.*//' | tr '\\0' ' ' > names", true);
    assertThat(
            Files.readString(attacked.workdir(session).resolve("names")).strip().split("\\s+", -1))
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
      assertThat(attacked.sessions().output(session, "id -u; id -G").split("\\s+", -1))
          .containsExactly("" + OWN, "" + OWN);
      assertThat(
              attacked
                  .sessions()
                  .output(session, "grep -E 'NoNewPrivs|CapEff|CapBnd' /proc/self/status"))
          .containsPattern("NoNewPrivs:\\s+1")
          .containsPattern("CapEff:\\s+0000000000000000")
          .containsPattern("CapBnd:\\s+0000000000000000");
    }
  }

  @Test
  void aSandboxSeesNoProcessAndNoUserButItsOwn() {
    final Session session = attacked.sessions().bash("box");
    assertThat(attacked.sessions().output(session, "echo /proc/[0-9]*").split(" ", -1))
        .hasSizeBetween(2, 4);
    attacked.attempt(session, "touch /usr/mine", false);
    attacked.attempt(session, "echo x >> /etc/passwd", false);
    attacked.attempt(session, "ls " + attacked.world().resolve("policy.yaml"), false);
    attacked.attempt(session, "touch /tmp/mine && touch mine", true);
    attacked.attempt(session, "mount -t tmpfs none /mnt 2>/dev/null", false);
    attacked.attempt(session, "unshare --user --map-root-user cat " + attacked.key(), false);
  }

  @Test
  void aSandboxWithoutTheNetworkHasItsOwnLoopbackOnly() {
    final Session session = attacked.sessions().bash("offline");
    assertThat(
            attacked.sessions().output(session, "tail -n +3 /proc/net/dev | cut -d: -f1 | xargs"))
        .isEqualTo("lo");
    attacked.attempt(
        session, "(: < /dev/tcp/127.0.0.1/" + attacked.server().port() + ") 2>/dev/null", false);
    attacked.attempt(
        attacked.sessions().bash("box"),
        "(: < /dev/tcp/127.0.0.1/" + attacked.server().port() + ") 2>/dev/null",
        true);
  }

  /** A title, the clipboard, a question, a control character of eight bits. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void sequencesReachNobodyWhoDidNotAskForThem(Mode mode) {
    final String evil =
        "printf '\\033]2;own\\033ed\\007\\033]52;c;b3duZWQ=\\007\\033[5n\\302\\23331mseen\\n'";
    final Logger log = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    final List<String> texts = new ArrayList<>();
    try {
      final SessionServiceBlockingStub calls = attacked.server().sessions();
      final Session shell = attacked.sessions().bash(mode.workspace);
      assertThat(attacked.sessions().works(shell, evil)).isTrue();
      final Session ended =
          attacked
              .sessions()
              .create(
                  CreateRequest.newBuilder()
                      .setTool("sh")
                      .setWorkspace(mode.workspace)
                      .addAllArgs(List.of("-c", evil + " >&2; exit 3"))
                      .setMode(SessionMode.SESSION_MODE_PIPES));
      final GetRequest get = GetRequest.newBuilder().setSessionId(ended.getId()).build();
      Awaitility.await().until(() -> calls.get(get).getSession().hasExit());
      final SendPromptRequest more =
          SendPromptRequest.newBuilder().setSessionId(ended.getId()).setPrompt("more").build();
      final Refused refused = Refused.by(() -> calls.sendPrompt(more));
      texts.add(refused.message());
      addTexts(refused.infos(), texts);
      final ListRequest list =
          ListRequest.newBuilder().setView(SessionView.SESSION_VIEW_FULL).build();
      addTexts(calls.list(list), texts);
      addTexts(
          calls.listTurns(ListTurnsRequest.newBuilder().setSessionId(shell.getId()).build()),
          texts);
      addTexts(
          calls.getScreen(GetScreenRequest.newBuilder().setSessionId(shell.getId()).build()),
          texts);
      addTexts(
          calls.readEvents(
              ReadEventsRequest.newBuilder()
                  .setSessionId(shell.getId())
                  .setEncoding(OutputEncoding.OUTPUT_ENCODING_PLAIN)
                  .build()),
          texts);
    } finally {
      log.detachAppender(lines);
    }
    lines.list.forEach(line -> texts.add(line.getFormattedMessage()));
    assertThat(texts)
        .allSatisfy(text -> assertThat(text).doesNotContainPattern("[\\p{Cc}&&[^\n\t]]"))
        .anyMatch(text -> text.contains("seen"));
    attacked.assertServes();
  }

  /** Every text in a message. */
  private static void addTexts(Object value, List<String> texts) {
    switch (value) {
      case String text -> texts.add(text);
      case Collection<?> all -> all.forEach(one -> addTexts(one, texts));
      case Message message ->
          message.getAllFields().values().forEach(field -> addTexts(field, texts));
      default -> {}
    }
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void whatTheServerRemovesForIsNotWhatALinkLeadsTo(Mode mode) throws Exception {
    final Session session = attacked.sessions().bash(mode.workspace);
    final Path kept = Files.createDirectory(attacked.world().resolve("kept-" + mode));
    Files.writeString(kept.resolve("file"), "kept");
    attacked.attempt(session, "mkdir a && ln -s " + kept + " a/link && echo x > a/b", true);
    final Path own = attacked.workdir(session);
    assertThat(own).isDirectory();
    final var _ =
        attacked
            .server()
            .sessions()
            .delete(
                DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
    assertThat(own).doesNotExist();
    assertThat(kept.resolve("file")).hasContent("kept");
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void aVariableOfTheCallersIsTheProgramsAndNotTheChains(Mode mode) throws Exception {
    final Path evidence = attacked.world().resolve("loaded-" + mode);
    final Session session =
        attacked
            .sessions()
            .create(
                PolicySessions.bash()
                    .setWorkspace(mode.workspace)
                    .putEnv("BASH_ENV", "/dev/null")
                    .putEnv("ENV", evidence.toString())
                    .putEnv("PATH", "/usr/bin:/bin")
                    .putEnv("A$B ${HOME} \\c '\"x", "y z")
                    .putEnv("-u", "$(touch " + evidence + ") ${HOME} \\ ' \""));
    assertThat(
            attacked
                .sessions()
                .output(session, "env -0 | grep -z -e '^-u' -e '^A\\$B' | tr '\\0' '\\n'"))
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

  @Test
  void afterAllTheServerServesAndNothingIsLeftOfEndedSessions() throws Exception {
    attacked.assertServes();
    final Session session = attacked.sessions().bash("box");
    attacked.stop(session);
    assertThat(attacked.victim().waitFor(0, TimeUnit.SECONDS)).isFalse();
  }
}
