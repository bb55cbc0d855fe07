package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a server that was told to end has written is known to be whole, whatever the machine does
 * then; what one that was killed has written is not, once the machine itself has started again.
 */
class RebootTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** The epoch of a session after its server has ended, and the machine has started again. */
  private long epochAfterwards(End end) throws Exception {
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    String id;
    try (CleatClient client = server.client()) {
      Session session = client.create("bash");
      id = session.id();
      assertThat(session.prompt("echo before").output()).isEqualTo("before\n");
      assertThat(session.info().head().epoch()).isEqualTo(1);
      end.of(server);
    }
    startMachineAgain(data.resolve("journals/run"));
    try (CleatClient client = servers.start(data).client()) {
      Session session = client.session(id);
      final long epoch = session.info().head().epoch();
      session.restart();
      assertThat(session.prompt("echo after").output()).isEqualTo("after\n");
      return epoch;
    }
  }

  private interface End {
    void of(ServerProcess server) throws Exception;
  }

  /** Has the mark of the last run name another boot of the machine. */
  private static void startMachineAgain(Path mark) throws Exception {
    String last = Files.readString(mark);
    String other = last.replaceFirst("boot=.*", "boot=another");
    assertThat(other).isNotEqualTo(last);
    Files.writeString(mark, other);
  }

  @Test
  void whatAServerThatWasToldToEndHasWrittenIsWhole() throws Exception {
    assertThat(epochAfterwards(server -> assertThat(server.stop()).isZero())).isEqualTo(1);
  }

  @Test
  void whatAKilledServerHasWrittenMayBeGone() throws Exception {
    assertThat(epochAfterwards(ServerProcess::kill)).isEqualTo(2);
  }
}
