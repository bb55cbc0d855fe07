package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.bench.Siege;
import dev.cleat.v1.AttachRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** All abuse of connections at once, and who behaves. */
@Order(2)
@ResourceLock(AbusedServer.ONE_AT_A_TIME)
class SiegeTest {
  private static final int MIB = 1 << 20;

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

  /** Everything at once, as large as is promised to be borne. */
  @Test
  void aSiegeLeavesNothingBehind() throws Exception {
    Report report = Report.of("a siege");
    AttachRequest open = AbusedServer.reading(server.printed());
    Siege.Size size = Siege.Size.whole().ofAllKinds();
    Held before = Held.by(server);
    try (Siege siege = Siege.lay(server.process().port(), size, open)) {
      Await.until(
          "they are all there",
          () -> server.metrics().get("cleat_streams") >= size.streams() + size.readers());
      Await.until("some have been ended for their resets", () -> siege.ended() > 1);
      for (int round = 0; round < 20; round++) {
        server.servesOthers();
      }
      Held during = Held.by(server);
      report
          .add("connections", during.connections)
          .add("resets", siege.resets())
          .add("heap in MiB", during.heap / MIB)
          .add("direct memory in MiB", during.direct / MIB)
          .add("resident in MiB", during.resident / MIB);
      assertThat(during.resident).isLessThan(AbusedServer.MOST_BYTES);
      assertThat(server.metrics().get("cleat_streams_refused_total")).isZero();
    }

    Await.until(
        "it is as it was",
        () -> {
          Held now = Held.by(server);
          return now.connections == before.connections
              && now.descriptors <= before.descriptors + 5
              && now.threads <= before.threads + 10
              && now.heap <= before.heap + 8 * MIB;
        });
    report.passed();
  }

  /** What a server holds. */
  private record Held(
      int connections, long heap, long direct, long resident, long threads, long descriptors) {
    static Held by(AbusedServer server) throws Exception {
      collect(server.process());
      try (Stream<Path> descriptors =
              Files.list(Path.of("/proc", String.valueOf(server.process().pid()), "fd"));
          Stream<Path> threads =
              Files.list(Path.of("/proc", String.valueOf(server.process().pid()), "task"))) {
        return new Held(
            (int) server.metrics().get("cleat_connections"),
            (long) server.metrics().get("jvm_memory_used_bytes{area=\"heap\""),
            (long) server.metrics().get("cleat_connections_memory_bytes"),
            resident(server.process().pid()),
            threads.count(),
            descriptors.count());
      }
    }

    private static long resident(long pid) throws Exception {
      try (Stream<String> status = Files.lines(Path.of("/proc", String.valueOf(pid), "status"))) {
        String line = status.filter(it -> it.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
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
