package dev.cleat.server.rpc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** What a session is given in confidence is its processes' and nobody else's. */
@Isolated // It looks at the log, or the processes, of the whole JVM.
class SecretsTest {
  private static final String SECRET = "correct-horse-battery";

  @TempDir Path folder;

  private static CreateRequest.Builder shell() {
    return PolicySessions.bash().putEnv("KEY", SECRET);
  }

  private static void assertHas(PolicySessions sessions, Session session) {
    assertThat(sessions.works(session, "test ${#KEY} = " + SECRET.length())).isTrue();
  }

  @Test
  void valuesOfVariablesAreInNothingThatIsShownLoggedOrInAJournal() throws Exception {
    final Path audit = folder.resolve("audit");
    final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    final List<Object> shown = new ArrayList<>();
    try (TestServer server =
        TestServer.start(
            folder.resolve("data"),
            Map.of(
                "audit.file",
                audit.toString(),
                "admin.listen",
                "127.0.0.1:0",
                "log.level",
                "debug"))) {
      root.addAppender(lines);
      final PolicySessions sessions = new PolicySessions(server);
      final Session session = sessions.create(shell());
      shown.add(session);
      assertHas(sessions, session);
      shown.add(
          server
              .sessions()
              .restart(RestartRequest.newBuilder().setSessionId(session.getId()).build()));
      assertHas(sessions, session);

      shown.add(Refused.by(() -> sessions.create(shell().setTool("no-such-tool"))));
      shown.add(Refused.by(() -> sessions.create(shell().setWorkdir("/no/such/folder"))));
      shown.add(Refused.by(() -> sessions.create(shell().putEnv("A=B", SECRET))));
      shown.add(Refused.by(() -> sessions.create(shell().putEnv("NUL", SECRET + "\0"))));
      shown.addAll(answers(server, session.getId()));
      assertThat(commandLines()).noneMatch(line -> line.contains(SECRET));
    } finally {
      root.detachAppender(lines);
      root.setLevel(Level.WARN);
    }
    assertThat(shown).allSatisfy(one -> assertThat(one.toString()).doesNotContain(SECRET));
    assertThat(String.valueOf(shown.getFirst())).contains("KEY");
    assertThat(audit).content().contains("KEY").doesNotContain(SECRET);
    assertThat(lines.list)
        .isNotEmpty()
        .noneMatch(line -> line.getFormattedMessage().contains(SECRET));
    try (Stream<Path> files = Files.walk(folder.resolve("data/journals"))) {
      final List<Path> journals = files.filter(Files::isRegularFile).toList();
      assertThat(journals)
          .isNotEmpty()
          .allSatisfy(
              file -> assertThat(Files.readString(file, ISO_8859_1)).doesNotContain(SECRET));
    }
  }

  private static List<Object> answers(TestServer server, String id) throws Exception {
    final List<Object> answers = new ArrayList<>();
    answers.add(server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()));
    answers.add(server.sessions().list(ListRequest.getDefaultInstance()));
    answers.add(
        server
            .sessions()
            .readEvents(ReadEventsRequest.newBuilder().setSessionId(id).setPageSize(1000).build()));
    answers.add(
        server.sessions().listTurns(ListTurnsRequest.newBuilder().setSessionId(id).build()));
    final Iterator<WatchResponse> changes =
        server
            .sessions()
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .watch(WatchRequest.newBuilder().setAfterSeq(0).build());
    while (changes.hasNext()) {
      final WatchResponse change = changes.next();
      answers.add(change);
      if (change.hasCaughtUp()) {
        break;
      }
    }
    answers.add(server.admin("/metrics").body());
    return answers;
  }

  /** Of every process there is: anybody on this machine may read them. */
  private static List<String> commandLines() throws IOException {
    final List<String> lines = new ArrayList<>();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      try {
        lines.add(Files.readString(Path.of("/proc", "" + process.pid(), "cmdline"), ISO_8859_1));
      } catch (IOException e) {
        // Ended meanwhile, or not ours to read.
      }
    }
    return lines;
  }

  @Test
  void theDataFolderIsForTheServersUserAlone() throws Exception {
    final Path data = Files.createDirectory(folder.resolve("data"));
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (TestServer server = TestServer.start(data)) {
      assertHas(new PolicySessions(server), new PolicySessions(server).create(shell()));
      assertThat(permissions(data)).isEqualTo("rwx------");
      assertThat(permissions(data.resolve("state.db"))).isEqualTo("rw-------");
      assertThat(permissions(data.resolve("ticket-keys.yaml"))).isEqualTo("rw-------");
    }
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
