package dev.cleat.e2e;

import static dev.cleat.bench.RawConnection.ACK;
import static dev.cleat.bench.RawConnection.CONTINUATION;
import static dev.cleat.bench.RawConnection.DATA;
import static dev.cleat.bench.RawConnection.END_STREAM;
import static dev.cleat.bench.RawConnection.ENHANCE_YOUR_CALM;
import static dev.cleat.bench.RawConnection.GOAWAY;
import static dev.cleat.bench.RawConnection.HEADERS;
import static dev.cleat.bench.RawConnection.HEADER_TABLE_SIZE;
import static dev.cleat.bench.RawConnection.PING;
import static dev.cleat.bench.RawConnection.PRIORITY;
import static dev.cleat.bench.RawConnection.RST_STREAM;
import static dev.cleat.bench.RawConnection.SETTINGS;
import static dev.cleat.bench.RawConnection.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.bench.RawConnection;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Floods of frames that HTTP/2 allows, one by one: they end their connection, and disturb no other.
 */
@Order(2)
@ResourceLock(AbusedServer.ONE_AT_A_TIME)
class HostileFramesTest {
  private static final String CHECK = "/grpc.health.v1.Health/Check";
  private static final String WATCH = "/grpc.health.v1.Health/Watch";

  @RegisterExtension static final Servers SERVERS = new Servers();
  private static AbusedServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    server = AbusedServer.start(SERVERS, folder);
  }

  @AfterEach
  void assertUndisturbed() {
    server.servesOthers();
  }

  @AfterAll
  static void assertUnharmed() throws Exception {
    server.assertUnharmed();
  }

  /** Frames that bring nothing. */
  enum Idle {
    EMPTY_SETTINGS,
    SETTINGS_ANSWERS,
    PRIORITIES,
    UNKNOWN_FRAMES,
    EMPTY_DATA,
    GOODBYES;

    void write(RawConnection connection) throws IOException {
      switch (this) {
        case EMPTY_SETTINGS -> connection.frame(SETTINGS, 0, 0);
        case SETTINGS_ANSWERS -> connection.frame(SETTINGS, ACK, 0);
        case PRIORITIES -> connection.frame(PRIORITY, 0, 7, new byte[] {0, 0, 0, 5, 1});
        case UNKNOWN_FRAMES -> connection.frame(0x42, 0, 0);
        case EMPTY_DATA -> connection.frame(DATA, 0, 1);
        case GOODBYES -> connection.frame(GOAWAY, 0, 0, new byte[8]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void framesThatBringNothingEndTheConnection(Idle idle) throws Exception {
    double before = floods();
    RawConnection connection = server.begin().call(1, WATCH);

    int error = Flood.on(connection, (to, _) -> idle.write(to));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
    assertThat(floods()).isEqualTo(before + 1);
  }

  /** How many connections a flood has ended. */
  private static double floods() throws Exception {
    return server.metrics().get("cleat_connections_ended_total{reason=\"flood\"}");
  }

  @Test
  void pingsEndTheConnection() throws Exception {
    int error = Flood.on(server.begin(), (to, _) -> to.frame(PING, 0, 0, new byte[8]));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  @Test
  void streamsThatAreResetAtOnceEndTheConnection() throws Exception {
    int error =
        Flood.on(
            server.begin(),
            (to, number) -> to.call(2 * number + 1, CHECK).frame(RST_STREAM, 0, 2 * number + 1, 8));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  /** What makes the server reset streams is no better than resetting them. */
  @Test
  void streamsThatTheServerMustResetEndTheConnection() throws Exception {
    int error =
        Flood.on(
            server.begin(),
            (to, number) ->
                to.call(2 * number + 1, CHECK).frame(WINDOW_UPDATE, 0, 2 * number + 1, 0));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  @Test
  void headersThatNeverEndEndTheConnection() throws Exception {
    RawConnection large = server.begin();
    large.frame(HEADERS, 0, 1, RawConnection.headers(CHECK));
    RawConnection empty = server.begin();
    empty.frame(HEADERS, 0, 1, RawConnection.headers(CHECK));

    assertThat(Flood.on(large, (to, _) -> to.frame(CONTINUATION, 0, 1, new byte[1_000])))
        .isNotZero();
    assertThat(Flood.on(empty, (to, _) -> to.frame(CONTINUATION, 0, 1))).isNotZero();
  }

  @Test
  void manyLargeHeadersAreRefusedOneByOne() throws Exception {
    RawConnection connection = server.begin();
    String large = "x".repeat(12_000);

    int error =
        Flood.on(
            connection, (to, number) -> to.call(2 * number + 1, CHECK, "a", large, "b", large));

    assertThat(error).isNotZero();
  }

  /**
   * The server repeats the name of a method that there is not, in a header that the client lets it
   * keep for later: 240 MB of them.
   */
  @Test
  void headersOfErrorsAreNotKept() throws Exception {
    RawConnection connection = server.begin(HEADER_TABLE_SIZE, Integer.MAX_VALUE);
    String padding = "x".repeat(12_000);

    for (int call = 1; call <= 20_000; call++) {
      connection.frame(
          HEADERS,
          END_STREAM | RawConnection.END_HEADERS,
          2 * call - 1,
          RawConnection.headers("/none/" + call + padding));
      if (call % 100 == 0) {
        connection.flush();
        for (int answers = 0; answers < 100; answers++) {
          connection.read(HEADERS);
        }
      }
    }
  }
}
