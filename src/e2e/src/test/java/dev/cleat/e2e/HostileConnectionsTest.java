package dev.cleat.e2e;

import static dev.cleat.bench.RawConnection.DATA;
import static dev.cleat.bench.RawConnection.END_STREAM;
import static dev.cleat.bench.RawConnection.RST_STREAM;
import static dev.cleat.bench.RawConnection.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.bench.RawConnection;
import dev.cleat.client.CleatClient;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Connections and calls without number, and such as say nothing. */
@Order(2)
@ResourceLock(AbusedServer.ONE_AT_A_TIME)
class HostileConnectionsTest {
  private static final String WATCH = "/grpc.health.v1.Health/Watch";

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private AbusedServer server;

  /** A flag of the server, and its value. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface With {
    String flag();

    String value();
  }

  @BeforeEach
  void start(TestInfo test) throws Exception {
    ServerCommand command = ServerCommand.on(folder.resolve("data"));
    With with = test.getTestMethod().orElseThrow().getAnnotation(With.class);
    server =
        AbusedServer.start(
            servers, with == null ? command : command.flag(with.flag(), with.value()));
  }

  @AfterEach
  void assertUnharmed() throws Exception {
    server.assertUnharmed();
  }

  @Test
  void connectionsThatNeverSpeakAreEnded() throws Exception {
    List<RawConnection> silent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      silent.add(server.connect());
      silent.add(server.connect().beginWithoutSettings());
    }

    for (RawConnection connection : silent) {
      assertThat(connection.awaitEnd()).isLessThanOrEqualTo(0);
    }
  }

  @Test
  @With(flag = "--limits-connections", value = "20")
  void connectionsWithoutCallsMakeRoomForNewOnes() throws Exception {
    List<RawConnection> idle = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      RawConnection connection = server.begin().flush();
      idle.add(connection);
      connection.read(SETTINGS);
      if (i % 20 == 0) {
        assertThat(server.metrics().get("cleat_connections")).isLessThanOrEqualTo(20);
      }
    }

    // Each goes on its own event loop, in a moment.
    Await.until(
        "the others have made room",
        () -> server.metrics().get("cleat_connections_ended_total{reason=\"room\"}") >= 181);
    assertThat(server.metrics().get("cleat_connections_ended_total{reason=\"refused\"}")).isZero();
    assertThat(idle.getFirst().awaitEnd()).as("it is told that nothing was lost").isZero();
    try (CleatClient client = server.process().client()) {
      assertThat(client.whoAmI().tenant()).isEqualTo("default");
    }
  }

  @Test
  @With(flag = "--limits-connections", value = "20")
  void theNewestIsRefusedWhenAllOthersHaveCalls() throws Exception {
    for (int i = 0; i < 19; i++) {
      watchHealth(server.begin(), 1);
    }

    assertThat(server.begin().flush().awaitEnd()).isEqualTo(-1);

    assertThat(server.metrics().get("cleat_connections_ended_total{reason=\"refused\"}"))
        .isGreaterThanOrEqualTo(1);
    assertThat(server.metrics().get("cleat_connections_ended_total{reason=\"room\"}")).isZero();
    assertThat(server.metrics().get("cleat_connections")).isEqualTo(20);
  }

  @Test
  void connectionsLeaveFilesForSessions() throws Exception {
    ServerProcess little =
        servers.start(ServerCommand.on(folder.resolve("little")).within(filesOpen(512)));
    for (int i = 0; i < 600; i++) {
      RawConnection connection = server.connect(little).begin().flush();
      if (i % 20 >= 18) {
        // Those who close the oldest keep up with who takes the newest, on each of two threads.
        connection.read(SETTINGS);
      }
    }

    try (Bystander other = new Bystander(little)) {
      other.goesOn();
    }
    assertThat(little.errors()).noneMatch(line -> line.contains("Too many open files"));
  }

  @Test
  void moreConnectionsThanFilesAreNoSetting() throws Exception {
    Servers.Refusal refusal =
        servers.refused(
            ServerCommand.on(folder.resolve("little"))
                .within(filesOpen(512))
                .flag("--limits-connections", "512"));

    assertThat(refusal.exitCode()).isEqualTo(1);
    assertThat(refusal.errors())
        .anyMatch(line ->
            line.contains("limits.connections is 512, and this process may have 512 files open"));
  }

  private static List<String> filesOpen(int most) {
    return List.of("sh", "-c", "ulimit -n " + most + "; exec \"$@\"", "sh");
  }

  /** Waits for its first answer. */
  private static void watchHealth(RawConnection connection, int stream) throws IOException {
    connection.call(stream, WATCH);
    connection.frame(DATA, END_STREAM, stream, RawConnection.message(0, new byte[0])).flush();
    connection.read(DATA);
  }

  @Test
  @With(flag = "--limits-streams", value = "10")
  void moreCallsThanAllowedAreRefusedUntilOthersEnd() throws Exception {
    RawConnection connection = server.begin();
    for (int call = 0; call < 9; call++) {
      watchHealth(connection, 2 * call + 1);
    }

    connection.call(101, WATCH).flush();
    RawConnection.Frame refused = connection.read(RST_STREAM);
    assertThat(refused.stream()).isEqualTo(101);
    assertThat(refused.number(0)).as("it may be tried again").isEqualTo(7);
    assertThat(server.metrics().get("cleat_streams_refused_total")).isEqualTo(1);

    connection.frame(RST_STREAM, 0, 1, 8);
    watchHealth(connection, 103);
    assertThat(server.metrics().get("cleat_streams")).isEqualTo(10);
  }

  @Test
  @With(flag = "--limits-streams-per-connection", value = "5")
  void moreCallsThanAllowedOnAConnectionAreRefused() throws Exception {
    RawConnection connection = server.begin();
    for (int call = 0; call < 5; call++) {
      watchHealth(connection, 2 * call + 1);
    }

    connection.call(101, WATCH).flush();

    assertThat(connection.read(RST_STREAM).stream()).isEqualTo(101);
    watchHealth(server.begin(), 1);
  }

  @Test
  void callsThatWereRefusedAreOverAlsoForClientsThatMeanToSayMore() throws Exception {
    RawConnection connection = server.begin();
    for (int call = 0; call < 100; call++) {
      connection.call(2 * call + 1, "/none");
    }
    connection.flush();

    for (int call = 0; call < 100; call++) {
      assertThat(connection.read(RST_STREAM).number(0)).as("no error").isZero();
    }
    Await.until("only the bystander has a call", () -> server.metrics().get("cleat_streams") == 1);
  }
}
