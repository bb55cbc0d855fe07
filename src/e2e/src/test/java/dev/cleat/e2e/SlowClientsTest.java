package dev.cleat.e2e;

import static dev.cleat.bench.RawConnection.DATA;
import static dev.cleat.bench.RawConnection.END_STREAM;
import static dev.cleat.bench.RawConnection.INITIAL_WINDOW_SIZE;
import static dev.cleat.bench.RawConnection.PADDED;
import static dev.cleat.bench.RawConnection.RST_STREAM;
import static dev.cleat.bench.RawConnection.SETTINGS;
import static dev.cleat.bench.RawConnection.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.MessageLite;
import dev.cleat.bench.RawConnection;
import dev.cleat.client.Session;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.ReadEventsRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Clients that are slow to write or to read: what is held for them is bounded. */
@Order(2)
@ResourceLock(AbusedServer.ONE_AT_A_TIME)
class SlowClientsTest {
  private static final String CHECK = "/grpc.health.v1.Health/Check";
  private static final String ATTACH = "/cleat.v1.SessionService/Attach";
  private static final String READ_EVENTS = "/cleat.v1.SessionService/ReadEvents";
  private static final int MIB = 1 << 20;
  private static final int ROUNDS = 10;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private AbusedServer server;

  @BeforeEach
  void start() throws Exception {
    server = AbusedServer.start(servers, folder);
  }

  @AfterEach
  void assertUnharmed() throws Exception {
    server.assertUnharmed();
  }

  private static void message(RawConnection connection, int stream, int flags, MessageLite message)
      throws IOException {
    byte[] bytes = message.toByteArray();
    connection.frame(DATA, flags, stream, RawConnection.message(bytes.length, bytes));
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
      writers.add(new SlowWriter(server.begin()));
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (SlowWriter writer : writers) {
        writer.write(flags, piece, pieces / ROUNDS);
      }
      awaitHeldBytes(AbusedServer.DIRECT_BYTES / 4 + MIB);
      server.servesOthers();
    }

    assertThat(server.metrics().get("cleat_slow_calls_ended_total{reason=\"memory\"}"))
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
        HealthCheckRequest.newBuilder().setService("x".repeat(32 * MIB)).build();
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(server.process().target()).usePlaintext().build();
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

  @Test
  void answersThatNobodyTakesDoNotFillTheMemory() throws Exception {
    // Before the connection, which would be ended if it said nothing meanwhile.
    Session printed = server.printed();
    RawConnection connection = server.begin(INITIAL_WINDOW_SIZE, 0);
    Thread reader = drain(List.of(connection));

    askForMuch(connection, printed);

    assertThat(reader.isAlive()).isTrue();
  }

  /** Not even that they have been ended is read. */
  @Test
  void answersThatNobodyReadsDoNotFillTheMemory() throws Exception {
    Session printed = server.printed();
    RawConnection connection = server.begin(INITIAL_WINDOW_SIZE, Integer.MAX_VALUE);
    connection.frame(WINDOW_UPDATE, 0, 0, Integer.MAX_VALUE - (1 << 16)).flush();

    askForMuch(connection, printed);
  }

  /** Two hundred answers of four MiB each. */
  private void askForMuch(RawConnection connection, Session session) throws Exception {
    ReadEventsRequest page =
        ReadEventsRequest.newBuilder().setSessionId(session.id()).setPageSize(10_000).build();
    for (int call = 0; call < 200; call++) {
      connection.call(2 * call + 1, READ_EVENTS);
      message(connection, 2 * call + 1, END_STREAM, page);
      connection.flush();
    }

    Await.until(
        "some have been ended",
        () -> {
          // A sign of life, which lets nothing come.
          connection.frame(WINDOW_UPDATE, 0, 0, 1).flush();
          return server.metrics().get("cleat_slow_calls_ended_total{reason=\"memory\"}") > 100;
        });
    awaitHeldBytes(AbusedServer.DIRECT_BYTES / 4);
  }

  /** What is ended is held until the thread of its connection comes to it. */
  private void awaitHeldBytes(long most) {
    Await.until(
        "what is held is bounded",
        () -> server.metrics().get("cleat_slow_calls_held_bytes") <= most);
  }

  /** Four hundred readers of which half let nothing come, the others a byte at a time. */
  @Test
  void streamsThatNobodyReadsDoNotFillTheMemory() throws Exception {
    AttachRequest open = AbusedServer.reading(server.printed());
    List<RawConnection> readers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      RawConnection reader = server.begin(INITIAL_WINDOW_SIZE, i % 2);
      readers.add(reader);
      for (int stream = 0; stream < 40; stream++) {
        reader.call(2 * stream + 1, ATTACH);
        message(reader, 2 * stream + 1, 0, open);
      }
      reader.flush();
    }
    Await.until(
        "each waits for its client, or was ended for the others",
        () -> server.metrics().get("cleat_blocked_streams") + endedForMemory() >= 400);
    Thread reading = drain(readers);
    for (int round = 0; round < 1_000; round++) {
      for (RawConnection reader : readers) {
        reader.frame(WINDOW_UPDATE, 0, 2 * (round % 40) + 1, 1).flush();
      }
    }

    server.servesOthers();
    assertThat(server.metrics().get("cleat_blocked_streams")).isGreaterThan(100);
    assertThat(server.metrics().get("cleat_slow_calls_held_bytes"))
        .isLessThanOrEqualTo(AbusedServer.DIRECT_BYTES / 4);
    assertThat(server.metrics().get("cleat_connections_memory_bytes"))
        .isLessThan(AbusedServer.DIRECT_BYTES * 3 / 4);
    assertThat(reading.isAlive()).isTrue();
  }

  private double endedForMemory() throws Exception {
    return server.metrics().get("cleat_slow_calls_ended_total{reason=\"memory\"}");
  }
}
