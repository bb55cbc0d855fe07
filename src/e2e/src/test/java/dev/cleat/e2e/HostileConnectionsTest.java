package dev.cleat.e2e;

import static dev.cleat.bench.RawConnection.ACK;
import static dev.cleat.bench.RawConnection.CONTINUATION;
import static dev.cleat.bench.RawConnection.DATA;
import static dev.cleat.bench.RawConnection.END_STREAM;
import static dev.cleat.bench.RawConnection.ENHANCE_YOUR_CALM;
import static dev.cleat.bench.RawConnection.GOAWAY;
import static dev.cleat.bench.RawConnection.HEADERS;
import static dev.cleat.bench.RawConnection.HEADER_TABLE_SIZE;
import static dev.cleat.bench.RawConnection.INITIAL_WINDOW_SIZE;
import static dev.cleat.bench.RawConnection.PADDED;
import static dev.cleat.bench.RawConnection.PING;
import static dev.cleat.bench.RawConnection.PRIORITY;
import static dev.cleat.bench.RawConnection.RST_STREAM;
import static dev.cleat.bench.RawConnection.SETTINGS;
import static dev.cleat.bench.RawConnection.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.MessageLite;
import dev.cleat.bench.RawConnection;
import dev.cleat.bench.Siege;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.ReadEventsRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Connections on which HTTP/2 is abused, against a server with little memory, which would end if it
 * had none left. A client that does nothing wrong is there all the time.
 */
@Order(2)
class HostileConnectionsTest {
  private static final String CHECK = "/grpc.health.v1.Health/Check";
  private static final String WATCH = "/grpc.health.v1.Health/Watch";
  private static final String ATTACH = "/cleat.v1.SessionService/Attach";
  private static final String READ_EVENTS = "/cleat.v1.SessionService/ReadEvents";
  private static final int MIB = 1 << 20;
  private static final int DIRECT_MIB = 48;
  private static final int ROUNDS = 10;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  private final List<RawConnection> opened = Collections.synchronizedList(new ArrayList<>());
  private ServerProcess server;
  private Metrics metrics;
  private Bystander bystander;

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
    if (with != null) {
      command = command.flag(with.flag(), with.value());
    }
    server =
        servers.start(
            command
                .jvm(
                    "-Xmx192m",
                    "-XX:MaxDirectMemorySize=" + DIRECT_MIB + "m",
                    "-XX:+UseSerialGC",
                    "-XX:+ExitOnOutOfMemoryError")
                .flag("--admin-listen", "127.0.0.1:0"));
    metrics = new Metrics(server);
    bystander = new Bystander(server);
    bystander.goesOn();
  }

  @AfterEach
  void everythingWorks() throws Exception {
    try {
      bystander.goesOn();
      bystander.assertUndisturbed();
      for (RawConnection connection : opened) {
        connection.close();
      }
      Await.until("only the bystander is connected", () -> metrics.get("cleat_connections") == 1);
      bystander.goesOn();
    } finally {
      bystander.close();
      metrics.close();
    }
    assertThat(server.stop()).isZero();
    assertThat(server.errors())
        .as("abuse is nothing to fill a log with")
        .hasSizeLessThan(50)
        .noneMatch(line -> line.contains("OutOfMemory"));
  }

  private RawConnection connect() throws IOException {
    RawConnection connection = RawConnection.connect(server.port(), Await.PATIENCE);
    opened.add(connection);
    return connection;
  }

  private RawConnection connect(int... settings) throws IOException {
    return connect().begin(settings);
  }

  private static void message(RawConnection connection, int stream, int flags, MessageLite message)
      throws IOException {
    byte[] bytes = message.toByteArray();
    connection.frame(DATA, flags, stream, RawConnection.message(bytes.length, bytes));
  }

  /** Something to write, again and again. */
  private interface Step {
    void write(RawConnection connection, int number) throws IOException;
  }

  /** Writes until the server has had enough; the error it says, or -1 where that was lost. */
  private int flood(RawConnection connection, Step step) throws Exception {
    Thread writer =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                for (int number = 0; ; number++) {
                  step.write(connection, number);
                }
              } catch (IOException e) {
                // The server has had enough.
              }
            });
    int error = connection.awaitEnd();
    connection.close();
    writer.join();
    return error;
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
    RawConnection connection = connect(new int[0]).call(1, WATCH);

    int error = flood(connection, (to, _) -> idle.write(to));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
    assertThat(metrics.get("cleat_connections_ended_total{reason=\"flood\"}")).isEqualTo(1);
  }

  @Test
  void pingsEndTheConnection() throws Exception {
    int error = flood(connect(new int[0]), (to, _) -> to.frame(PING, 0, 0, new byte[8]));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  @Test
  void streamsThatAreResetAtOnceEndTheConnection() throws Exception {
    int error =
        flood(
            connect(new int[0]),
            (to, number) -> to.call(2 * number + 1, CHECK).frame(RST_STREAM, 0, 2 * number + 1, 8));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  /** What makes the server reset streams is no better than resetting them. */
  @Test
  void streamsThatTheServerMustResetEndTheConnection() throws Exception {
    int error =
        flood(
            connect(new int[0]),
            (to, number) ->
                to.call(2 * number + 1, CHECK).frame(WINDOW_UPDATE, 0, 2 * number + 1, 0));

    assertThat(error).isIn(ENHANCE_YOUR_CALM, -1);
  }

  @Test
  void headersThatNeverEndEndTheConnection() throws Exception {
    RawConnection large = connect(new int[0]);
    large.frame(HEADERS, 0, 1, RawConnection.headers(CHECK));
    RawConnection empty = connect(new int[0]);
    empty.frame(HEADERS, 0, 1, RawConnection.headers(CHECK));

    assertThat(flood(large, (to, _) -> to.frame(CONTINUATION, 0, 1, new byte[1_000]))).isNotZero();
    assertThat(flood(empty, (to, _) -> to.frame(CONTINUATION, 0, 1))).isNotZero();
  }

  @Test
  void manyLargeHeadersAreRefusedOneByOne() throws Exception {
    RawConnection connection = connect(new int[0]);
    String large = "x".repeat(12_000);

    int error =
        flood(connection, (to, number) -> to.call(2 * number + 1, CHECK, "a", large, "b", large));

    assertThat(error).isNotZero();
  }

  /**
   * The server repeats the name of a method that there is not, in a header that the client lets it
   * keep for later: 240 MB of them.
   */
  @Test
  void headersOfErrorsAreNotKept() throws Exception {
    RawConnection connection = connect(HEADER_TABLE_SIZE, Integer.MAX_VALUE);
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

  @Test
  void connectionsThatNeverSpeakAreEnded() throws Exception {
    List<RawConnection> silent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      silent.add(connect());
      silent.add(connect().beginWithoutSettings());
    }

    for (RawConnection connection : silent) {
      assertThat(connection.awaitEnd()).isLessThanOrEqualTo(0);
    }
  }

  @Test
  @With(flag = "--limits-connections", value = "20")
  void connectionsWithoutCallsMakeRoomForNewOnes() throws Exception {
    for (int i = 0; i < 200; i++) {
      RawConnection connection = connect(new int[0]).flush();
      connection.read(SETTINGS);
      if (i % 20 == 0) {
        assertThat(metrics.get("cleat_connections")).isLessThanOrEqualTo(20);
      }
    }

    assertThat(metrics.get("cleat_connections_ended_total{reason=\"room\"}"))
        .isGreaterThanOrEqualTo(181);
    assertThat(metrics.get("cleat_connections_ended_total{reason=\"refused\"}")).isZero();
    assertThat(opened.getFirst().awaitEnd()).as("it is told that nothing was lost").isZero();
    try (CleatClient client = server.client()) {
      assertThat(client.whoAmI().tenant()).isEqualTo("default");
    }
  }

  @Test
  @With(flag = "--limits-connections", value = "20")
  void theNewestIsRefusedWhenAllOthersHaveCalls() throws Exception {
    for (int i = 0; i < 19; i++) {
      watchHealth(connect(new int[0]), 1);
    }

    assertThat(connect(new int[0]).flush().awaitEnd()).isEqualTo(-1);

    assertThat(metrics.get("cleat_connections_ended_total{reason=\"refused\"}"))
        .isGreaterThanOrEqualTo(1);
    assertThat(metrics.get("cleat_connections_ended_total{reason=\"room\"}")).isZero();
    assertThat(metrics.get("cleat_connections")).isEqualTo(20);
  }

  @Test
  void connectionsLeaveFilesForSessions() throws Exception {
    ServerProcess little =
        servers.start(ServerCommand.on(folder.resolve("little")).within(filesOpen(512)));
    for (int i = 0; i < 600; i++) {
      opened.add(RawConnection.connect(little.port(), Await.PATIENCE).begin().flush());
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
    RawConnection connection = connect(new int[0]);
    for (int call = 0; call < 9; call++) {
      watchHealth(connection, 2 * call + 1);
    }

    connection.call(101, WATCH).flush();
    RawConnection.Frame refused = connection.read(RST_STREAM);
    assertThat(refused.stream()).isEqualTo(101);
    assertThat(refused.number(0)).as("it may be tried again").isEqualTo(7);
    assertThat(metrics.get("cleat_streams_refused_total")).isEqualTo(1);

    connection.frame(RST_STREAM, 0, 1, 8);
    watchHealth(connection, 103);
    assertThat(metrics.get("cleat_streams")).isEqualTo(10);
  }

  @Test
  @With(flag = "--limits-streams-per-connection", value = "5")
  void moreCallsThanAllowedOnAConnectionAreRefused() throws Exception {
    RawConnection connection = connect(new int[0]);
    for (int call = 0; call < 5; call++) {
      watchHealth(connection, 2 * call + 1);
    }

    connection.call(101, WATCH).flush();

    assertThat(connection.read(RST_STREAM).stream()).isEqualTo(101);
    watchHealth(connect(new int[0]), 1);
  }

  @Test
  void callsThatWereRefusedAreOverAlsoForClientsThatMeanToSayMore() throws Exception {
    RawConnection connection = connect(new int[0]);
    for (int call = 0; call < 100; call++) {
      connection.call(2 * call + 1, "/none");
    }
    connection.flush();

    for (int call = 0; call < 100; call++) {
      assertThat(connection.read(RST_STREAM).number(0)).as("no error").isZero();
    }
    Await.until("only the bystander has a call", () -> metrics.get("cleat_streams") == 1);
  }

  /** Sixty MiB each of which a sixth comes, in turns: more than there is memory for. */
  @Test
  void requestsThatComeInPartDoNotFillTheMemory() throws Exception {
    comeInPart(0, new byte[16 << 10], 10 * 64);
  }

  /** A byte at a time, each with as much beside it as can be. */
  @Test
  void requestsThatComeInCrumbsDoNotFillTheMemory() throws Exception {
    byte[] crumb = new byte[1 + 1 + 255];
    crumb[0] = (byte) 255;
    comeInPart(PADDED, crumb, 40_000);
  }

  private void comeInPart(int flags, byte[] piece, int pieces) throws Exception {
    List<SlowWriter> writers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      writers.add(new SlowWriter(connect(new int[0])));
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (SlowWriter writer : writers) {
        writer.write(flags, piece, pieces / ROUNDS);
      }
      assertThat(metrics.get("cleat_slow_calls_held_bytes"))
          .isLessThanOrEqualTo(DIRECT_MIB * MIB / 4 + MIB);
      bystander.goesOn();
    }

    assertThat(metrics.get("cleat_slow_calls_ended_total{reason=\"memory\"}"))
        .isGreaterThanOrEqualTo(1);
    assertThat(writers).anyMatch(writer -> writer.ended).anyMatch(writer -> !writer.ended);
  }

  /**
   * Writes a request that is never whole, at the server's pace, until the server has had enough.
   */
  private static final class SlowWriter {
    private final RawConnection connection;
    private long streamRoom;
    private long connectionRoom = (1 << 16) - 1;
    private boolean ended;

    SlowWriter(RawConnection connection) throws IOException {
      this.connection = connection;
      byte[] begin = RawConnection.message(60 * MIB, new byte[0]);
      connection.call(1, CHECK).frame(DATA, 0, 1, begin).flush();
      streamRoom = connection.read(SETTINGS).setting(INITIAL_WINDOW_SIZE);
      spend(begin.length);
    }

    void write(int flags, byte[] piece, int pieces) throws IOException {
      for (int written = 0; written < pieces && !ended; written++) {
        while (!ended && Math.min(streamRoom, connectionRoom) < piece.length) {
          connection.flush();
          listen(connection.read());
        }
        if (!ended) {
          connection.frame(DATA, flags, 1, piece);
          spend(piece.length);
        }
      }
      connection.flush();
    }

    private void spend(int bytes) {
      streamRoom -= bytes;
      connectionRoom -= bytes;
    }

    private void listen(RawConnection.Frame frame) {
      if (frame.type() == RST_STREAM) {
        ended = true;
      } else if (frame.type() == WINDOW_UPDATE && frame.stream() == 0) {
        connectionRoom += frame.number(0);
      } else if (frame.type() == WINDOW_UPDATE) {
        streamRoom += frame.number(0);
      }
    }
  }

  /** A little that becomes very much. */
  @Test
  void requestsThatGrowWhenTheyAreUnpackedAreRefused() throws Exception {
    HealthCheckRequest much =
        HealthCheckRequest.newBuilder().setService("x".repeat(60 * MIB)).build();
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(server.target()).usePlaintext().build();
    try {
      List<ListenableFuture<HealthCheckResponse>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        answers.add(HealthGrpc.newFutureStub(channel).withCompression("gzip").check(much));
      }
      for (ListenableFuture<HealthCheckResponse> answer : answers) {
        assertThatThrownBy(() -> Await.result(answer)).hasMessageContaining("RESOURCE_EXHAUSTED");
      }
    } finally {
      channel.shutdownNow();
    }
  }

  /** Takes what comes on these connections, so that it is not what holds the server up. */
  private static Thread drain(List<RawConnection> connections) {
    List<Thread> readers = new ArrayList<>();
    for (RawConnection connection : connections) {
      readers.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  connection.awaitEnd();
                } catch (IOException e) {
                  // Its end is not looked at.
                }
              }));
    }
    return readers.getFirst();
  }

  /** A session that has printed more than the server has memory for. */
  private Session printed() throws Exception {
    try (CleatClient client = server.client()) {
      Session session =
          client.create(
              NewSession.of("sh").args(List.of("-c", "head -c 150000000 /dev/zero | tr '\\0' x")));
      Await.until("it has printed", () -> session.refresh().exit().isPresent());
      return session;
    }
  }

  @Test
  void answersThatNobodyTakesDoNotFillTheMemory() throws Exception {
    Session session = printed();
    ReadEventsRequest page =
        ReadEventsRequest.newBuilder().setSessionId(session.id()).setPageSize(10_000).build();
    RawConnection connection = connect(INITIAL_WINDOW_SIZE, 0);
    Thread reader = drain(List.of(connection));
    for (int call = 0; call < 200; call++) {
      connection.call(2 * call + 1, READ_EVENTS);
      message(connection, 2 * call + 1, END_STREAM, page);
      connection.flush();
    }

    Await.until(
        "some have been ended",
        () -> metrics.get("cleat_slow_calls_ended_total{reason=\"memory\"}") > 100);
    assertThat(metrics.get("cleat_slow_calls_held_bytes"))
        .isLessThanOrEqualTo(DIRECT_MIB * MIB / 4 + 4 * MIB);
    assertThat(reader.isAlive()).isTrue();
  }

  /** Four hundred readers of which half let nothing come, the others a byte at a time. */
  @Test
  void streamsThatNobodyReadsDoNotFillTheMemory() throws Exception {
    AttachRequest open = open(printed());
    List<RawConnection> readers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      RawConnection reader = connect(INITIAL_WINDOW_SIZE, i % 2);
      readers.add(reader);
      for (int stream = 0; stream < 40; stream++) {
        reader.call(2 * stream + 1, ATTACH);
        message(reader, 2 * stream + 1, 0, open);
      }
      reader.flush();
    }
    Await.until(
        "each waits for its client, or was ended for the others",
        () -> metrics.get("cleat_blocked_streams") + endedForMemory() >= 400);
    Thread reading = drain(readers);
    for (int round = 0; round < 1_000; round++) {
      for (RawConnection reader : readers) {
        reader.frame(WINDOW_UPDATE, 0, 2 * (round % 40) + 1, 1).flush();
      }
    }

    bystander.goesOn();
    assertThat(metrics.get("cleat_blocked_streams")).isGreaterThan(100);
    assertThat(metrics.get("cleat_slow_calls_held_bytes"))
        .isLessThanOrEqualTo(DIRECT_MIB * MIB / 4);
    assertThat(metrics.get("cleat_connections_memory_bytes")).isLessThan(DIRECT_MIB * MIB * 3 / 4);
    assertThat(reading.isAlive()).isTrue();
  }

  private double endedForMemory() throws Exception {
    return metrics.get("cleat_slow_calls_ended_total{reason=\"memory\"}");
  }

  private static AttachRequest open(Session session) {
    return AttachRequest.newBuilder()
        .setOpen(AttachOpen.newBuilder().setSessionId(session.id()).setReadOnly(true))
        .build();
  }

  /** Everything at once, as large as is promised to be borne. */
  @Test
  void aSiegeLeavesNothingBehind() throws Exception {
    Report report = Report.of("a siege");
    AttachRequest open = open(printed());
    Siege.Size size = Siege.Size.whole();
    Footprint before = Footprint.of(server, metrics);
    try (Siege siege = Siege.lay(server.port(), size, open)) {
      Await.until(
          "they are all there",
          () -> metrics.get("cleat_streams") >= size.streams() + size.readers());
      Await.until("some have been ended for their resets", () -> siege.ended() > 1);
      for (int round = 0; round < 20; round++) {
        bystander.goesOn();
      }
      Footprint during = Footprint.of(server, metrics);
      report
          .add("connections", during.connections)
          .add("resets", siege.resets())
          .add("heap in MiB", during.heap / MIB)
          .add("direct memory in MiB", during.direct / MIB);
      assertThat(metrics.get("cleat_streams_refused_total")).isZero();
    }

    Await.until(
        "it is as it was",
        () -> {
          Footprint now = Footprint.of(server, metrics);
          return now.connections == before.connections
              && now.descriptors <= before.descriptors + 5
              && now.threads <= before.threads + 10
              && now.heap <= before.heap + 8 * MIB;
        });
    report.passed();
  }

  /** What a server holds. */
  private record Footprint(
      int connections, long heap, long direct, long threads, long descriptors) {
    static Footprint of(ServerProcess server, Metrics metrics) throws Exception {
      collect(server);
      try (Stream<Path> descriptors =
              Files.list(Path.of("/proc", String.valueOf(server.pid()), "fd"));
          Stream<Path> threads =
              Files.list(Path.of("/proc", String.valueOf(server.pid()), "task"))) {
        return new Footprint(
            (int) metrics.get("cleat_connections"),
            (long) metrics.get("jvm_memory_used_bytes{area=\"heap\""),
            (long) metrics.get("cleat_connections_memory_bytes"),
            threads.count(),
            descriptors.count());
      }
    }

    private static void collect(ServerProcess server) throws Exception {
      String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
      Process collection =
          new ProcessBuilder(jcmd, String.valueOf(server.pid()), "GC.run")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(collection.waitFor()).isZero();
    }
  }
}
