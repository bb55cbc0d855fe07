package dev.cleat.bench;

import dev.cleat.v1.AttachRequest;
import java.io.IOException;

/**
 * The echo of a client that does nothing wrong, alone and while others abuse HTTP/2 as much as they
 * can, in turns in one run.
 */
final class Besieged {
  private static final double MICRO = 1e3;

  private Besieged() {}

  static void run(Bed bed, Results results) throws Exception {
    final int count = bed.size(5_000, 500);
    final String echoing = bed.term() + " echo";
    final Siege.Size size =
        bed.quick() ? new Siege.Size(200, 1_000, false, 4, 4) : Siege.Size.whole();
    final Samples alone = new Samples();
    final Samples besieged = new Samples();
    final Samples ratio = new Samples();
    final Samples medians = new Samples();
    final Samples mixed = new Samples();
    try (Serving server = Serving.cleat(bed)) {
      final Sessions sessions = new Sessions(server);
      final String printing = sessions.start(Bed.printing(bed.text(bed.size(64, 4))));
      print(sessions, printing);
      for (int warming = 0; warming < bed.size(8, 2); warming++) {
        Echo.attached(server, echoing, count);
      }
      final Footprint before = Footprint.of(server);
      Footprint during = before;
      long resets = 0;
      long ended = 0;
      for (int round = 0; round < bed.size(7, 2); round++) {
        final Samples quiet = echo(server, echoing, count);
        try (Siege siege = Siege.lay(server.port(), size, opening(printing))) {
          final Samples loud = echo(server, echoing, count);
          during = Footprint.of(server);
          alone.add(quiet.quantile(0.99));
          besieged.add(loud.quantile(0.99));
          ratio.add(loud.quantile(0.99) / quiet.quantile(0.99));
          medians.add(loud.median() / quiet.median());
          resets += siege.resets();
          ended += siege.ended();
        }
        try (Siege _ = Siege.lay(server.port(), size.ofAllKinds(), opening(printing))) {
          mixed.add(echo(server, echoing, count).quantile(0.99) / quiet.quantile(0.99));
        }
      }
      results.add("echo alone, p99", alone.median(), "µs");
      results.add("echo under siege, p99", besieged.median(), "µs");
      results.add("under siege to alone, p50", medians.median(), "");
      results.atMost("under siege to alone, p99", ratio.median(), 3);
      results.add(
          "the same, p99, a third of the streams Attaches, a third Watches", mixed.median(), "");
      results.add("streams reset", (double) resets, "");
      results.add("connections ended for that", (double) ended, "");
      before.add(results, "before");
      during.add(results, "under siege");
      Footprint.of(server).add(results, "after");
      sessions.delete(printing);
    }
  }

  /** What the server holds. */
  private record Footprint(long heapKib, long residentKib, long threads, long descriptors) {
    static Footprint of(Serving server) throws IOException, InterruptedException {
      final long heap = Idle.heapKib(server);
      final Proc proc = server.proc();
      return new Footprint(heap, proc.residentKib(), proc.threads(), proc.descriptors());
    }

    void add(Results results, String when) {
      results.add("heap after a collection, " + when, heapKib / 1024.0, "MiB");
      results.add("memory of the server, " + when, residentKib / 1024.0, "MiB");
      results.add("threads, " + when, (double) threads, "");
      results.add("descriptors, " + when, (double) descriptors, "");
    }
  }

  private static AttachRequest opening(String session) {
    return AttachRequest.newBuilder().setOpen(Sessions.from(session, 0)).build();
  }

  /** Has it print all that readers then do not read. */
  private static void print(Sessions sessions, String id) throws IOException, InterruptedException {
    try (Watcher watcher = sessions.attachWhenReady(id, new Watcher.Sink() {})) {
      watcher.type(Sessions.NEWLINE);
      watcher.awaitEnd();
    }
  }

  private static Samples echo(Serving server, String echoing, int count)
      throws IOException, InterruptedException {
    final Samples micros = new Samples();
    for (long nanos : Echo.attached(server, echoing, count)) {
      micros.add(nanos / MICRO);
    }
    return micros;
  }
}
