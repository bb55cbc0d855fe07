package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A start that waits for long, as for a file system that does not answer. */
@Order(4)
class SlowStartTest {
  @TempDir Path folder;
  private final CountDownLatch waits = new CountDownLatch(1);
  private final CountDownLatch answers = new CountDownLatch(1);

  /** What happens when a process is about to be started. */
  private final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});

  private Sessions sessions;
  private TenantSessions tenant;
  private Session session;
  private CompletableFuture<Void> restarted;

  @BeforeEach
  void open() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "");
    final TerminalFactory terminals = new PtyTerminals();
    sessions =
        OneToolSessions.open(
            folder,
            new FakeDisk(),
            program,
            (spec, listener) -> {
              meanwhile.getAndSet(() -> {}).run();
              return terminals.start(spec, listener);
            },
            SyncPolicy.INTERVAL,
            3);
    tenant = sessions.of("default");
    session = OneToolSessions.start(tenant);
    await().until(session::isOver);
    meanwhile.set(() -> {
      waits.countDown();
      awaitAnswer();
    });
    restarted = inBackground(() -> tenant.restart(session, Duration.ZERO));
    assertThat(waits.await(1, TimeUnit.MINUTES)).isTrue();
  }

  private void awaitAnswer() {
    try {
      answers.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void close() throws Exception {
    answers.countDown();
    await().until(restarted::isDone);
    sessions.close();
  }

  private static CompletableFuture<Void> inBackground(Runnable step) {
    return CompletableFuture.runAsync(step, task -> Thread.ofPlatform().daemon().start(task));
  }

  private List<dev.cleat.v1.Session> list() {
    return list(false);
  }

  private List<dev.cleat.v1.Session> list(boolean full) {
    return tenant.list(SessionFilter.getDefaultInstance(), null, 10, 1 << 20, full).items();
  }

  private void rename(Session one, String name) {
    tenant.update(one, dev.cleat.v1.Session.newBuilder().setName(name).build(), List.of("name"));
  }

  private static void assertRefused(ErrorReason reason, Runnable step) {
    assertThat(catchThrowableOfType(Refusal.class, step::run).reason()).isEqualTo(reason);
  }

  private void assertEnds(Runnable step) throws Exception {
    inBackground(step).get(1, TimeUnit.MINUTES);
  }

  @Test
  void whatIsForAllSessionsDoesNotWaitForIt() throws Exception {
    assertEnds(() -> assertThat(list()).hasSize(1));
    assertEnds(() -> assertThat(list(true)).hasSize(1));
    assertEnds(sessions::sweep);
    assertEnds(() -> assertThat(sessions.isInRun("default", session.id(), 1)).isFalse());
    assertEnds(() -> assertThat(sessions.withTurns()).isZero());

    answers.countDown();
    restarted.get(1, TimeUnit.MINUTES);
    await().until(session::isOver);
    assertThat(list())
        .singleElement()
        .satisfies(listed -> {
          assertThat(listed.getRun()).isEqualTo(2);
          assertThat(listed.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
        });
  }

  @Test
  void listsDoNotWaitForOneThatIsBeingCreated() throws Exception {
    final CountDownLatch created = new CountDownLatch(1);
    meanwhile.set(() -> {
      created.countDown();
      awaitAnswer();
    });
    final CompletableFuture<Void> creation = inBackground(() -> OneToolSessions.start(tenant));
    assertThat(created.await(1, TimeUnit.MINUTES)).isTrue();

    assertEnds(() -> assertThat(list()).hasSize(2));
    assertEnds(() -> assertThat(list(true)).hasSize(2));

    answers.countDown();
    creation.get(1, TimeUnit.MINUTES);
  }

  @Test
  void aNameForItKeepsNobodyElseWaitingAndIsNobodyElses() throws Exception {
    final AtomicReference<Thread> renamer = new AtomicReference<>();
    final CompletableFuture<Void> renamed =
        inBackground(() -> {
          renamer.set(Thread.currentThread());
          rename(session, "mine");
        });
    await().until(() -> renamer.get() != null && isWaiting(renamer.get()));

    assertEnds(() -> {
      final Session other = OneToolSessions.start(tenant);
      rename(other, "another");
      assertRefused(ErrorReason.ERROR_REASON_NAME_TAKEN, () -> rename(other, "mine"));
      assertRefused(
          ErrorReason.ERROR_REASON_NAME_TAKEN,
          () -> OneToolSessions.start(tenant, OneToolSessions.request().setName("mine")));
    });

    answers.countDown();
    renamed.get(1, TimeUnit.MINUTES);
    assertThat(tenant.getByName("mine").id()).isEqualTo(session.id());
    rename(session, "yours");
    rename(tenant.getByName("another"), "mine");
  }

  private static boolean isWaiting(Thread thread) {
    return Stream.of(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().endsWith(".SessionLock"));
  }

  @Test
  void promptsForItThatMayBeRepeatedKeepNoOtherSessionsWaiting() throws Exception {
    final Session other = OneToolSessions.start(tenant);
    final List<CompletableFuture<Void>> waiting = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      final SendPromptRequest prompt = prompt("request-" + i);
      waiting.add(
          CompletableFuture.runAsync(
              () -> tenant.prompts().send(session, prompt),
              task -> Thread.ofVirtual().start(task)));
    }
    for (int i = 0; i < 500; i++) {
      final SendPromptRequest prompt = prompt("other-" + i);
      assertEnds(() ->
          assertThat(
                  catchThrowableOfType(Refusal.class, () -> tenant.prompts().send(other, prompt)))
              .isNotNull());
    }

    assertThat(waiting).noneMatch(CompletableFuture::isDone);
    answers.countDown();
    await().until(() -> waiting.stream().allMatch(CompletableFuture::isDone));
  }

  private static SendPromptRequest prompt(String requestId) {
    return SendPromptRequest.newBuilder().setPrompt("true").setRequestId(requestId).build();
  }

  @Test
  void aServerThatIsShutDownSavesTheOthersAndTheNextOneSeesThatItWasLost() throws Exception {
    assertEnds(() -> {
      try {
        sessions.close();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });

    try (Sessions next =
        OneToolSessions.open(
            folder, new FakeDisk(), folder.resolve("program"), new PtyTerminals())) {
      tenant = next.of("default");
      assertThat(list())
          .singleElement()
          .satisfies(listed -> {
            assertThat(listed.getRun()).isEqualTo(2);
            assertThat(listed.getState()).isEqualTo(SessionState.SESSION_STATE_LOST);
          });
    }
  }
}
