package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.SessionFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A child that is made while its parent is deleted. */
class FamilyTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private Sessions sessions;
  private TenantSessions tenant;
  private Session parent;

  @BeforeEach
  void open() throws Exception {
    final Path program = folder.resolve("program");
    OneToolSessions.install(program, "");
    sessions = OneToolSessions.open(folder, new FakeDisk(), program, new PtyTerminals());
    tenant = sessions.of("default");
    parent = OneToolSessions.start(tenant);
    await().atMost(PATIENCE).until(parent::isOver);
  }

  @AfterEach
  void close() throws IOException {
    sessions.close();
  }

  private CreateRequest child() {
    return OneToolSessions.request().setParentId(parent.id()).build();
  }

  private void deleteParent() {
    assertThat(tenant.delete(List.of(parent), false, _ -> {})).contains(parent.id());
  }

  @Test
  void isNotMadeOnceThatIsGone() {
    final Refusal refusal =
        catchThrowableOfType(
            Refusal.class, () -> tenant.create(child(), "somebody", _ -> deleteParent()));

    assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_SESSION_NOT_FOUND);
    assertNobodyIsLeft();
  }

  @Test
  void goesWithIt() {
    final AtomicReference<@Nullable Session> made = new AtomicReference<>();

    tenant.delete(
        List.of(parent),
        false,
        _ -> made.set(tenant.create(child(), "somebody", _ -> {}).session()));

    assertThat(made.get()).isNotNull();
    assertNobodyIsLeft();
  }

  private void assertNobodyIsLeft() {
    assertThat(tenant.list(SessionFilter.getDefaultInstance(), null, 10, 1 << 20, false).items())
        .isEmpty();
  }
}
