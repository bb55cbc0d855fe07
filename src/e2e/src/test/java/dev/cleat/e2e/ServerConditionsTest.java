package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.v1.SessionMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Servers that may not do everything: what a machine has run out of, or a user is not allowed. */
class ServerConditionsTest {
  private static final int TERMINALS = 2;

  /** In a mount namespace of its own, whose terminals are few. */
  private static final List<String> FEW_TERMINALS =
      List.of(
          "unshare",
          "--map-root-user",
          "--mount",
          "sh",
          "-c",
          "mount -t devpts -o newinstance,ptmxmode=0666,mode=620,max="
              + TERMINALS
              + " devpts /dev/pts && mount --bind /dev/pts/ptmx /dev/ptmx && exec \"$@\"",
          "sh");

  /** Bound by permissions, root or not. */
  private static final List<String> BOUND_BY_PERMISSIONS =
      List.of(
          "setpriv",
          "--bounding-set=-dac_override,-dac_read_search",
          "--inh-caps=-dac_override,-dac_read_search");

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  @Test
  void withoutATerminalLeftASessionIsRefusedOrRunsOnPipes() throws Exception {
    assumeWorks(FEW_TERMINALS);
    ServerProcess server =
        servers.start(ServerCommand.on(folder.resolve("data")).within(FEW_TERMINALS));
    try (CleatClient client = server.client()) {
      List<Session> onTerminals = new ArrayList<>();
      for (int i = 0; i < TERMINALS; i++) {
        Session session = client.create(NewSession.of("bash").onTerminalOrPipes());
        assertThat(session.info().raw().getMode()).isEqualTo(SessionMode.SESSION_MODE_PTY);
        onTerminals.add(session);
      }
      assertThatExceptionOfType(CleatException.class)
          .isThrownBy(() -> client.create("bash"))
          .satisfies(refusal -> {
            assertThat(refusal.code()).isEqualTo(CleatException.Code.RESOURCE_EXHAUSTED);
            assertThat(refusal.reason()).isEqualTo("NO_TERMINAL");
          });
      assertThat(client.list()).hasSize(TERMINALS);

      Session onPipes =
          client.create(
              NewSession.of("sh").args(List.of("-c", "echo piped; exit 3")).onTerminalOrPipes());
      assertThat(onPipes.info().raw().getMode()).isEqualTo(SessionMode.SESSION_MODE_PIPES);
      Transcript seen = Transcript.keeping();
      Transcript.end(onPipes.attach(AttachOptions.fromBeginning().readOnly(), seen));
      assertThat(seen.text()).isEqualTo("piped\n");

      onTerminals.getFirst().stop();
      assertThat(client.create("bash").prompt("echo again").output()).isEqualTo("again\n");
    }
  }

  @Test
  void aWorkingDirectoryThatMayNotBeEnteredIsRefused() throws Exception {
    assumeWorks(BOUND_BY_PERMISSIONS);
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
    ServerProcess server =
        servers.start(ServerCommand.on(folder.resolve("data")).within(BOUND_BY_PERMISSIONS));
    try (CleatClient client = server.client()) {
      assertThatExceptionOfType(CleatException.class)
          .isThrownBy(() -> client.create(NewSession.of("bash").workdir(closed.toString())))
          .satisfies(refusal -> {
            assertThat(refusal.code()).isEqualTo(CleatException.Code.FAILED_PRECONDITION);
            assertThat(refusal.reason()).isEqualTo("WORKDIR_NOT_PERMITTED");
            assertThat(refusal.violations())
                .extracting(CleatException.FieldViolation::field)
                .containsExactly("workdir");
          });
      assertThat(client.list()).isEmpty();
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static void assumeWorks(List<String> wrapper) throws Exception {
    List<String> command = new ArrayList<>(wrapper);
    command.add("true");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assumeTrue(process.waitFor() == 0, () -> wrapper.getFirst() + " does not work here: " + said);
  }
}
