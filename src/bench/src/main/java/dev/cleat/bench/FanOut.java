package dev.cleat.bench;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Many clients on one session that prints as fast as it can, each on a connection of its own. */
final class FanOut {
  private FanOut() {}

  static void run(Bed bed, Results results) throws Exception {
    try (Serving server = Serving.cleat(bed)) {
      measure(server, bed.text(4), 10);
      final double[] cpuPerByte = new double[3];
      final int[] clients = {1, 10, 100};
      for (int i = 0; i < clients.length; i++) {
        final Samples speed = new Samples();
        final Samples cpu = new Samples();
        final Bed.Text text = bed.text(bed.size(new int[] {128, 64, 32}[i], 4));
        for (int round = 0; round < bed.size(3, 1); round++) {
          final Measured measured = measure(server, text, clients[i]);
          speed.add(measured.bytesPerSecond / 1e6);
          cpu.add(measured.cpuSeconds / text.printed() * 1e9);
        }
        cpuPerByte[i] = cpu.median();
        results.add(clients[i] + " clients, all together", speed.median(), "MB/s");
        results.add(clients[i] + " clients, server's processor per GB printed", cpu.median(), "s");
      }
      results.add(
          "processor per GB and further client, from 1 to 10",
          (cpuPerByte[1] - cpuPerByte[0]) / 9,
          "s");
      results.add(
          "processor per GB and further client, from 10 to 100",
          (cpuPerByte[2] - cpuPerByte[1]) / 90,
          "s");
    }
  }

  private record Measured(double bytesPerSecond, double cpuSeconds) {}

  private static Measured measure(Serving server, Bed.Text text, int clients)
      throws IOException, InterruptedException {
    final Sessions sessions = new Sessions(server);
    final String id = sessions.start(Bed.printing(text));
    final List<ManagedChannel> channels = new ArrayList<>();
    final List<Watcher> watchers = new ArrayList<>();
    try (Watcher first = sessions.attachWhenReady(id, new Watcher.Sink() {})) {
      watchers.add(first);
      while (watchers.size() < clients) {
        final ManagedChannel channel = server.connect();
        channels.add(channel);
        final Watcher watcher = new Watcher(channel, Sessions.from(id, 0), new Watcher.Sink() {});
        watchers.add(watcher);
        watcher.awaitCaughtUp();
      }
      final double before = server.proc().cpuSeconds();
      final long begin = System.nanoTime();
      first.type(Sessions.NEWLINE);
      long end = begin;
      long bytes = 0;
      for (Watcher watcher : watchers) {
        watcher.awaitEnd();
        end = Math.max(end, watcher.lastPrintedNanos());
        bytes += watcher.printed();
      }
      final double cpu = server.proc().cpuSeconds() - before;
      if (bytes < clients * text.printed()) {
        throw new IOException("only " + bytes + " bytes for " + clients + " clients");
      }
      return new Measured(bytes / ((end - begin) / 1e9), cpu);
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
      sessions.delete(id);
    }
  }
}
