package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.session.OneToolSessions;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.telemetry.AuditLog;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.EndReason;
import dev.cleat.v1.Event;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An Attach to a session whose last events have been written, and are still to be synced. */
class LastEventsTest {
  private static final java.time.Duration PATIENCE = java.time.Duration.ofMinutes(1);

  /** So short that a client at the head hears one soon. */
  private static final AttachOpen OPEN =
      AttachOpen.newBuilder()
          .setHeartbeatInterval(Duration.newBuilder().setNanos(20_000_000))
          .build();

  @TempDir Path folder;
  private final FakeDisk disk = new FakeDisk();
  private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
  private final Client client = new Client();
  private Sessions sessions;
  private Session session;

  /** The client's side of the call. */
  private static final class Client extends ServerCallStreamObserver<AttachFrame> {
    private final List<AttachResponse> responses = new CopyOnWriteArrayList<>();
    private volatile boolean ended;

    @Override
    public void onNext(AttachFrame frame) {
      responses.add(
          switch (frame) {
            case AttachFrame.Message(AttachResponse response) -> response;
            case AttachFrame.Events(var batch) -> parsed(batch.toByteArray());
          });
    }

    private static AttachResponse parsed(byte[] events) {
      try {
        return AttachResponse.newBuilder()
            .setEvents(dev.cleat.v1.EventBatch.parseFrom(events))
            .build();
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException(e);
      }
    }

    List<Event> events() {
      List<Event> events = new ArrayList<>();
      responses.forEach(response -> events.addAll(response.getEvents().getEventsList()));
      return events;
    }

    @Override
    public void onError(Throwable cause) {
      ended = true;
    }

    @Override
    public void onCompleted() {
      ended = true;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnCancelHandler(@Nullable Runnable handler) {}

    @Override
    public void setOnCloseHandler(@Nullable Runnable handler) {}

    @Override
    public void setOnReadyHandler(@Nullable Runnable handler) {}

    @Override
    public void setOnReadyThreshold(int bytes) {}

    @Override
    public void setCompression(@Nullable String compression) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}
  }

  /** Its program has ended, and syncs are held back. */
  @BeforeEach
  void end() throws Exception {
    final Path program = folder.resolve("program");
    final Path go = folder.resolve("go");
    OneToolSessions.install(
        program, "while [ ! -e '%s' ]; do sleep 0.05; done; exit 3".formatted(go));
    sessions = OneToolSessions.open(folder, disk, program, new PtyTerminals(), SyncPolicy.ALWAYS);
    // In no repository: a change of its state would come just then.
    session =
        sessions
            .of("default")
            .create(OneToolSessions.request().setWorkdir("/").build(), "somebody", _ -> {})
            .session();
    session.journal().awaitVisible(session.journal().nextSeq() - 1);
    disk.holdSyncs();
    Files.createFile(go);
    await().atMost(PATIENCE).until(session::isOver);
    assertThat(session.journal().head()).isLessThan(session.journal().nextSeq() - 1);
  }

  @AfterEach
  void close() throws IOException {
    disk.letSyncs();
    try {
      sessions.close();
    } catch (IOException e) {
      // Where a test has let them fail.
      assertThat(e).hasMessageContaining("could not be synced");
    } finally {
      loop.shutdownNow();
    }
  }

  /** Attaches, and waits until the client hears no more for now. */
  private void attach() {
    final Draining draining = new Draining(java.time.Duration.ZERO);
    Context.current()
        .withValue(CallerContext.KEY, Caller.ANONYMOUS)
        .run(() -> {
          final Outlet<AttachFrame> outlet = new Outlet<>(client, draining, new SendRoom(1 << 20));
          outlet.start("attach", () -> deliver(outlet, draining));
        });
    await()
        .atMost(PATIENCE)
        .until(
            () -> client.ended || client.responses.stream().anyMatch(AttachResponse::hasHeartbeat));
  }

  private void deliver(Outlet<AttachFrame> outlet, Draining draining) throws Exception {
    final EventShaper shaper = new EventShaper(OPEN.getKindsList(), OPEN.getEncoding());
    final Courier courier = new Courier(loop, outlet, outlet.batchBytes());
    try (Cursor cursor = session.journal().cursorFrom(1, courier::rang)) {
      courier.carryFrom(cursor);
      new Delivery(
              new Opening(OPEN),
              session,
              cursor,
              shaper,
              courier,
              outlet,
              new InputAcks(),
              draining,
              new AttachNotes(new CallAudit(AuditLog.none()), new RpcMetrics()),
              () -> null)
          .run();
    }
  }

  private void awaitEnd() {
    await().atMost(PATIENCE).until(() -> client.ended);
    assertThat(client.responses.getLast().getEnded().getReason())
        .isEqualTo(EndReason.END_REASON_EXITED);
  }

  @Test
  void theyComeBeforeItsEnd() {
    attach();
    assertThat(client.ended).isFalse();

    disk.letSyncs();

    awaitEnd();
    assertThat(client.events().getLast().getExited().getExit().getCode()).isEqualTo(3);
    assertThat(client.events()).hasSize((int) session.journal().nextSeq() - 1);
  }

  @Test
  void itEndsWithoutThemWhenTheyCannotBeSynced() {
    attach();
    assertThat(client.ended).isFalse();

    disk.failSyncs();
    disk.letSyncs();

    awaitEnd();
    assertThat(client.events()).hasSize((int) session.journal().head());
  }
}
