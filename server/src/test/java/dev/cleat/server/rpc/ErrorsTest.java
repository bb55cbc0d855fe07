package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INTERNAL;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_STORAGE_UNAVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.store.Store;
import dev.cleat.server.store.StoreException;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErrorsTest {
  @Test
  void whatADefectSaysIsForTheLogAlone() {
    final Refused refused =
        Refused.of(Errors.status(new IllegalStateException("no /var/lib/cleat/x: correct-horse")))
            .with(Status.Code.INTERNAL, ERROR_REASON_INTERNAL);
    assertThat(refused.toString()).doesNotContain("/var/lib", "correct-horse", "IllegalState");
    final String incident = refused.infos().getFirst().getMetadataOrThrow("incident");
    assertThat(refused.message()).contains(incident);
  }

  @Test
  void whereTheServerKeepsItsStateIsNotSaid(@TempDir Path folder) throws Exception {
    final Path file = Files.writeString(folder.resolve("state.db"), "no database".repeat(100));
    final StoreException failure =
        catchThrowableOfType(StoreException.class, () -> Store.open(file).close());
    assertThat(failure).hasMessageContaining(folder.toString());

    assertThat(
            Refused.of(Errors.status(failure))
                .with(Status.Code.UNAVAILABLE, ERROR_REASON_STORAGE_UNAVAILABLE)
                .toString())
        .doesNotContain(folder.toString(), "SQLite");
  }
}
