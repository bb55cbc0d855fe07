package dev.cleat.bench;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A session prints text as fast as it can, to one client: beside a C program that reads the same
 * terminal, and beside programs that do a neighbouring job.
 */
final class Throughput {
  private static final double MB = 1e6;

  private Throughput() {}

  static void run(Bed bed, Results results) throws Exception {
    final Bed.Text text = bed.text(bed.size(256, 16));
    final String[] printing = {"sh", "-c", Bed.printing(text)};
    final Map<String, List<String>> neighbours =
        Neighbours.wrapping(bed, Bed.printing(text), results);
    final Map<String, Samples> speeds = new LinkedHashMap<>();
    final Samples ratio = new Samples();
    final Samples library = new Samples();
    final Samples cpu = new Samples();
    try (Serving server = Serving.cleat(bed)) {
      attached(server, bed.text(8));
      for (int round = 0; round < bed.size(5, 2); round++) {
        final double raw = text.printed() / MB / seconds(bed, text, read(printing));
        final double before = server.proc().cpuSeconds();
        final double ours = text.printed() / MB / attached(server, text);
        cpu.add((server.proc().cpuSeconds() - before) / text.printed() * 1e9);
        final double listened = text.printed() / MB / listening(server, text);
        ratio.add(ours / raw);
        library.add(listened / raw);
        sample(speeds, "terminal read by a C program", raw);
        sample(speeds, "attached client", ours);
        sample(speeds, "attached client, through the client library", listened);
        for (Map.Entry<String, List<String>> neighbour : neighbours.entrySet()) {
          sample(
              speeds,
              neighbour.getKey(),
              text.printed() / MB / seconds(bed, text, read(neighbour.getValue())));
        }
      }
    }
    speeds.forEach((name, samples) -> results.add(name, samples.median(), "MB/s"));
    results.add("processor time of the server", cpu.median(), "s/GB");
    results.atLeast("attached client to C program", ratio.median(), 0.55);
    results.add("client library to C program", library.median(), "");
  }

  private static void sample(Map<String, Samples> all, String name, double value) {
    all.computeIfAbsent(name, _ -> new Samples()).add(value);
  }

  private static List<String> read(String... command) {
    return read(List.of(command));
  }

  private static List<String> read(List<String> command) {
    final List<String> reading = new ArrayList<>(List.of("read"));
    reading.addAll(command);
    return reading;
  }

  private static double seconds(Bed bed, Bed.Text text, List<String> reading)
      throws IOException, InterruptedException {
    final long[] result = bed.term(reading);
    // A neighbour may draw less than was printed; a terminal never does.
    if (reading.get(1).equals("sh") && result[1] < text.printed()) {
      throw new IOException("only " + result[1] + " bytes of " + text.printed());
    }
    return result[0] / 1e9;
  }

  /** Seconds from the newline to the last byte. */
  static double attached(Serving server, Bed.Text text) throws IOException, InterruptedException {
    final Sessions sessions = new Sessions(server);
    final String id = sessions.start(Bed.printing(text));
    try (Watcher watcher = sessions.attachWhenReady(id, new Watcher.Sink() {})) {
      watcher.awaitCaughtUp();
      final long begin = System.nanoTime();
      watcher.type(Sessions.NEWLINE);
      watcher.awaitEnd();
      if (watcher.printed() != text.printed() + "READY\r\n".length()) {
        throw new IOException(watcher.printed() + " bytes instead of " + text.printed());
      }
      return (watcher.lastPrintedNanos() - begin) / 1e9;
    } finally {
      sessions.delete(id);
    }
  }

  private static double listening(Serving server, Bed.Text text)
      throws IOException, InterruptedException {
    try (CleatClient client = CleatClient.connect(server.target())) {
      final dev.cleat.client.Session session =
          client.create(NewSession.of("sh").args(List.of("-c", Bed.printing(text))));
      final AtomicLong bytes = new AtomicLong();
      final CountDownLatch ready = new CountDownLatch(1);
      final CountDownLatch all = new CountDownLatch(1);
      try (Attachment attachment =
          session.attach(
              AttachOptions.fromBeginning(),
              chunk -> {
                final long now = bytes.addAndGet(chunk.event().getOutput().getData().size());
                if (now >= "READY\r\n".length()) {
                  ready.countDown();
                }
                if (now >= text.printed() + "READY\r\n".length()) {
                  all.countDown();
                }
              })) {
        await(ready);
        final long begin = System.nanoTime();
        attachment.send("\n");
        await(all);
        return (System.nanoTime() - begin) / 1e9;
      } finally {
        session.delete(true);
      }
    }
  }

  private static void await(CountDownLatch latch) throws IOException, InterruptedException {
    if (!latch.await(5, TimeUnit.MINUTES)) {
      throw new IOException("the client library delivered too little in five minutes");
    }
  }
}
