package dev.cleat.bench;

import java.io.IOException;

/**
 * A thousand sessions that print a little now and then: what it costs, and how much of that is the
 * syncing.
 */
final class Syncing {
  private static final int EVERY_MILLIS = 500;
  private static final int BYTES = 100;

  private Syncing() {}

  static void run(Bed bed, Results results) throws Exception {
    final int count = bed.size(1_000, 50);
    final Samples interval = new Samples();
    final Samples os = new Samples();
    for (int round = 0; round < bed.size(3, 1); round++) {
      interval.add(percent(bed, count, "interval"));
      os.add(percent(bed, count, "os"));
    }
    final String what = count + " sessions, each " + BYTES + " bytes every " + EVERY_MILLIS + " ms";
    results.add(what + ", synced", interval.median(), "% of one");
    results.add("the same, never synced", os.median(), "% of one");
  }

  private static double percent(Bed bed, int count, String sync)
      throws IOException, InterruptedException {
    try (Serving server = Serving.cleat(bed, "--journal-sync", sync)) {
      final Sessions sessions = new Sessions(server);
      for (int i = 0; i < count; i++) {
        sessions.start("exec " + bed.term() + " trickle " + EVERY_MILLIS + " " + BYTES);
      }
      final int seconds = bed.size(15, 2);
      Thread.sleep(2_000);
      final double before = server.proc().cpuSeconds();
      final long begin = System.nanoTime();
      Thread.sleep(seconds * 1_000L);
      return 100 * (server.proc().cpuSeconds() - before) / ((System.nanoTime() - begin) / 1e9);
    }
  }
}
