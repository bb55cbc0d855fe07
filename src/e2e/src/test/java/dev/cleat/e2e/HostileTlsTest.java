package dev.cleat.e2e;

import static dev.cleat.bench.RawConnection.ENHANCE_YOUR_CALM;
import static dev.cleat.bench.RawConnection.PING;
import static dev.cleat.bench.RawConnection.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.bench.RawConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What ends a connection ends it over TLS, too, and what TLS adds: one that does not begin it. */
@Order(2)
@ResourceLock(AbusedServer.ONE_AT_A_TIME)
class HostileTlsTest {
  private static final String CHECK = "/grpc.health.v1.Health/Check";

  @RegisterExtension static final Servers SERVERS = new Servers();
  private static AbusedServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    server = AbusedServer.startWithTls(SERVERS, folder);
  }

  @AfterEach
  void assertUndisturbed() {
    server.servesOthers();
  }

  @AfterAll
  static void assertUnharmed() throws Exception {
    server.assertUnharmed();
  }

  @Test
  void streamsThatAreResetAtOnceEndTheConnection() throws Exception {
    int error =
        Flood.on(
            server.begin(),
            (to, number) -> to.call(2 * number + 1, CHECK).frame(RST_STREAM, 0, 2 * number + 1, 8));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  @Test
  void pingsEndTheConnection() throws Exception {
    int error = Flood.on(server.begin(), (to, _) -> to.frame(PING, 0, 0, new byte[8]));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  @Test
  void connectionsThatNeverSpeakAreEnded() throws Exception {
    List<RawConnection> silent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      silent.add(server.connectInClear());
      silent.add(server.connect());
      silent.add(server.connect().beginWithoutSettings());
    }

    for (RawConnection connection : silent) {
      assertThat(connection.awaitEnd()).isLessThanOrEqualTo(0);
    }
  }
}
