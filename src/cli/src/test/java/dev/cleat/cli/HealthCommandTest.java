package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a server takes calls, by the command that asks it. */
final class HealthCommandTest {
  @Test
  void healthSaysWhetherCallsAreTaken(@TempDir Path data) throws Exception {
    try (TestServer server = TestServer.start(data)) {
      // It asks once, and waits five seconds for the answer.
      soon().untilAsserted(() -> assertThat(server.run("health").ok().line()).isEqualTo("SERVING"));
    }

    HealthStatusManager health = new HealthStatusManager();
    health.enterTerminalState();
    Server draining =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(health.getHealthService())
            .build()
            .start();
    String address = "127.0.0.1:" + draining.getPort();
    try {
      Ran ran = Ran.on(address, "", "health");
      assertThat(ran.code()).isEqualTo(1);
      assertThat(ran.line()).isEqualTo("NOT_SERVING");
    } finally {
      draining.shutdownNow().awaitTermination();
    }
    // Taken, so that nobody else comes to listen there.
    try (Socket nobody = new Socket()) {
      nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String nowhere = "127.0.0.1:" + nobody.getLocalPort();
      assertThat(Ran.on(nowhere, "", "health").code()).isEqualTo(3);
    }
  }
}
