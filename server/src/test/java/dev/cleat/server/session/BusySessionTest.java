package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.TerminalSize;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients do on event loops while the session's lock is taken, as it is by a start. */
class BusySessionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ByteString KEY = ByteString.copyFromUtf8("x");

  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch free = new CountDownLatch(1);
  private final Bell bell = new Bell();
  private Sessions sessions;
  private Session session;
  private Client client;

  @BeforeEach
  void open(@TempDir Path folder) throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "cat");
    sessions = OneToolSessions.open(folder, new FakeDisk(), program, new PtyTerminals());
    session = OneToolSessions.start(sessions.of("default"));
    client = attach(10, bell);
    attach(20, new Bell());
  }

  @AfterEach
  void close() throws Exception {
    free.countDown();
    sessions.close();
  }

  private Client attach(int rows, Client.Listener listener) {
    return session.attach(AttachOpen.newBuilder().setSize(size(rows)).build(), listener);
  }

  private static TerminalSize size(int rows) {
    return TerminalSize.newBuilder().setRows(rows).setColumns(80).build();
  }

  /** Its lock is taken until the test says so: by whoever tells the clients that it is over. */
  private void keepBusy() throws Exception {
    attach(
        30,
        new Bell() {
          @Override
          public void over() {
            held.countDown();
            try {
              free.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        });
    final var _ = session.stop(Duration.ZERO, "");
    held.await();
  }

  /** What comes of work that does not wait. */
  private static boolean ends(Callable<Boolean> work) throws Exception {
    final FutureTask<Boolean> task = new FutureTask<>(work);
    final Thread _ = Thread.ofVirtual().start(task);
    await().atMost(PATIENCE).until(task::isDone);
    return task.get();
  }

  @Test
  void whoTypesDoesNotWaitForTheSession() throws Exception {
    keepBusy();

    assertThat(ends(() -> client.input(1, KEY))).isFalse();
    assertThat(client.hasRoom()).as("while it does not have its size").isFalse();
    free.countDown();
    await().atMost(PATIENCE).until(() -> bell.rooms.get() == 1);
    assertThat(client.hasRoom()).isTrue();
    assertThat(ends(() -> client.input(2, KEY))).isTrue();
  }

  @Test
  void whoResizesOrLeavesOffDoesNotWaitForTheSession() throws Exception {
    keepBusy();

    assertThat(ends(() -> client.resize(size(11)))).isFalse();
    final boolean _ =
        ends(() -> {
          client.becomeWatcher();
          return true;
        });
    free.countDown();
    await().atMost(PATIENCE).until(() -> bell.rooms.get() == 1);
  }

  private static class Bell implements Client.Listener {
    private final AtomicInteger rooms = new AtomicInteger();

    @Override
    public void acked(long inputSeq, boolean discarded) {}

    @Override
    public void replaced() {}

    @Override
    public void room() {
      rooms.incrementAndGet();
    }

    @Override
    public void over() {}
  }
}
