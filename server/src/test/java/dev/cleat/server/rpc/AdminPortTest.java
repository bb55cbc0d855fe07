package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.server.boot.StartupException;
import dev.cleat.v1.CreateRequest;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The port for whoever operates the server. */
@Order(4)
class AdminPortTest {
  private static TestServer start(Path data) throws Exception {
    return TestServer.start(
        data,
        Map.of("admin.listen", "127.0.0.1:0", "shutdown.grace", "3s", "session.stop_grace", "2m"));
  }

  @Test
  void saysThatItLivesAndIsReady(@TempDir Path data) throws Exception {
    try (TestServer server = start(data)) {
      assertThat(server.admin("/livez").statusCode()).isEqualTo(200);
      final HttpResponse<String> ready = server.admin("/readyz");
      assertThat(ready.statusCode()).isEqualTo(200);
      assertThat(ready.body()).isEqualTo("ok\n");
    }
  }

  @Test
  void isNotReadyFromTheBeginningOfItsEndAndLivesToIt(@TempDir Path data) throws Exception {
    final TestServer server = start(data);
    final Path ready = data.resolve("ready");
    final Path go = data.resolve("go");
    // A process that goes when it may.
    server
        .sessions()
        .create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .addArgs("-c")
                .addArgs(
                    "trap '' HUP TERM; : > '%s'; until [ -e '%s' ]; do sleep 0.1; done"
                        .formatted(ready, go))
                .putEnv("HOME", data.toString())
                .build());
    Awaitility.await().until(() -> Files.exists(ready));
    final Thread closing = Thread.ofVirtual().start(server::close);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> server.admin("/readyz").statusCode() == 503);
    assertThat(server.admin("/livez").statusCode()).isEqualTo(200);
    assertThat(server.admin("/readyz").body()).isEqualTo("the server is shutting down\n");
    Files.createFile(go);
    closing.join();
  }

  @Test
  void showsMetricsInBothForms(@TempDir Path data) throws Exception {
    try (TestServer server = start(data)) {
      final HttpResponse<String> text = server.admin("/metrics");
      assertThat(text.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/plain; version=0.0.4");
      assertThat(text.body())
          .contains("# TYPE cleat_journal_append_seconds histogram", "jvm_memory_used_bytes");
      final HttpResponse<String> open =
          server.admin("/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
      assertThat(open.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("application/openmetrics-text");
      assertThat(open.body()).endsWith("# EOF\n");
    }
  }

  @Test
  void takesNothingElse(@TempDir Path data) throws Exception {
    try (TestServer server = start(data)) {
      assertThat(server.admin("/").statusCode()).isEqualTo(404);
      assertThat(server.admin("/metrics/../livez").statusCode()).isEqualTo(404);
      final InetSocketAddress address = server.adminAddress();
      assertThat(raw(address, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
          .startsWith("HTTP/1.1 405");
      assertThat(
              raw(
                  address,
                  "GET /livez HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(100_000) + "\r\n\r\n"))
          .doesNotStartWith("HTTP/1.1 200");
    }
  }

  /** More connections than it takes: those that come and go are answered nevertheless. */
  @Test
  void connectionsThatSayNothingAreBounded(@TempDir Path data) throws Exception {
    try (TestServer server = start(data)) {
      final InetSocketAddress address = server.adminAddress();
      final Socket[] silent = new Socket[200];
      try {
        for (int i = 0; i < silent.length; i++) {
          silent[i] = new Socket(address.getAddress(), address.getPort());
        }
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(() -> {
              int closed = 0;
              for (Socket socket : silent) {
                closed += isClosed(socket) ? 1 : 0;
              }
              assertThat(closed).isGreaterThanOrEqualTo(silent.length - 64);
            });
      } finally {
        for (Socket socket : silent) {
          if (socket != null) {
            socket.close();
          }
        }
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(() -> server.admin("/livez").statusCode() == 200);
    }
  }

  private static boolean isClosed(Socket socket) {
    try {
      socket.setSoTimeout(1);
      return socket.getInputStream().read() < 0;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (java.io.IOException e) {
      return true;
    }
  }

  private static String raw(InetSocketAddress address, String request) throws Exception {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      final InputStream in = socket.getInputStream();
      return new String(in.readNBytes(12), StandardCharsets.US_ASCII);
    } catch (java.net.SocketException e) {
      return "";
    }
  }

  @Test
  void aPortThatIsTakenIsSaidWhereItWasAskedFor(@TempDir Path data) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      final String address = "127.0.0.1:" + taken.getLocalPort();
      assertThatThrownBy(() -> TestServer.start(data, Map.of("admin.listen", address)))
          .isInstanceOf(StartupException.class)
          .hasMessageContaining(address)
          .hasMessageContaining("--admin-listen");
    }
    // Nothing was left behind that holds the folder.
    start(data).close();
  }
}
