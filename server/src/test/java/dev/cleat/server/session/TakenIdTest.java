package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.CreateRequest;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The id of a session that is not in memory, which another call is about to find taken. */
class TakenIdTest {
  private static final String ID = "taken";

  @TempDir Path folder;
  private Sessions sessions;
  private TenantSessions tenant;

  @BeforeEach
  void open() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "");
    sessions = OneToolSessions.open(folder, new FakeDisk(), program, new PtyTerminals());
    final Session session =
        OneToolSessions.start(sessions.of("default"), request().setRequestId("first"));
    await().atMost(Duration.ofMinutes(1)).until(session::isOver);
    sessions.close();
    sessions = OneToolSessions.open(folder, new FakeDisk(), program, new PtyTerminals());
    tenant = sessions.of("default");
  }

  @AfterEach
  void close() throws Exception {
    sessions.close();
  }

  private static CreateRequest.Builder request() {
    return OneToolSessions.request().setSessionId(ID);
  }

  /** What is asked while another call has the id, and does not know yet that it may not. */
  private Session askedMeanwhile(Supplier<Session> question) throws Exception {
    final FutureTask<Session> taking =
        new FutureTask<>(() -> OneToolSessions.start(tenant, request()));
    final FutureTask<Session> asking = new FutureTask<>(question::get);
    try (Connection other =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("state.db"));
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      begin(taking, "insertNewSession");
      begin(asking, "join");
      statement.execute("ROLLBACK");
    }
    return asking.get(1, TimeUnit.MINUTES);
  }

  /**
   * Waits until it is in this method, or through it: the store waits for a lock for seconds only.
   */
  private static void begin(FutureTask<Session> task, String method) {
    final Thread thread = Thread.ofPlatform().daemon().start(task);
    await()
        .until(() ->
            task.isDone()
                || Stream.of(thread.getStackTrace())
                    .anyMatch(frame ->
                        frame.getMethodName().equals(method)
                            && frame.getClassName().startsWith("dev.cleat.")));
  }

  @Test
  void theSessionIsFoundAllTheSame() throws Exception {
    assertThat(askedMeanwhile(() -> tenant.get(ID)).id()).isEqualTo(ID);
  }

  @Test
  void theSameRequestAgainFindsIt() throws Exception {
    assertThat(
            askedMeanwhile(() -> OneToolSessions.start(tenant, request().setRequestId("first")))
                .id())
        .isEqualTo(ID);
  }
}
