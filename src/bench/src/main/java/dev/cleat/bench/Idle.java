package dev.cleat.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A thousand sessions that do nothing, and making one more. */
final class Idle {
  private static final Pattern USED = Pattern.compile("used (\\d+)K");

  private Idle() {}

  static void run(Bed bed, Results results) throws Exception {
    final int count = bed.size(1_000, 100);
    try (Serving server = Serving.cleat(bed)) {
      final Sessions sessions = new Sessions(server);
      final double alone = creating(sessions, bed.size(100, 20));
      final long heap = heapKib(server);
      final Proc proc = server.proc();
      final long memory = proc.residentKib();
      final long threads = proc.threads();
      final long descriptors = proc.descriptors();
      final List<String> alive = new ArrayList<>();
      final long begin = System.nanoTime();
      while (alive.size() < count) {
        alive.add(sessions.start("exec sleep 1000000"));
      }
      results.add("sessions made per second", count / ((System.nanoTime() - begin) / 1e9), "");
      final long fullHeap = heapKib(server);
      results.add(
          "memory of the server, per session",
          (proc.residentKib() - memory) / (double) count,
          "KiB");
      results.add(
          "heap after a collection, per session", (fullHeap - heap) / (double) count, "KiB");
      results.add("threads per session", (proc.threads() - threads) / (double) count, "");
      results.add(
          "descriptors per session", (proc.descriptors() - descriptors) / (double) count, "");
      results.add("creating a session, none alive, p50", alone, "ms");
      results.add(
          "creating a session, " + count + " alive, p50",
          creating(sessions, bed.size(100, 20)),
          "ms");
      final double before = proc.cpuSeconds();
      final int seconds = bed.size(10, 2);
      Thread.sleep(seconds * 1_000L);
      results.add(
          "processor of the server, all idle",
          100 * (proc.cpuSeconds() - before) / seconds,
          "% of one");
      final long ending = System.nanoTime();
      alive.forEach(sessions::delete);
      results.add("sessions deleted per second", count / ((System.nanoTime() - ending) / 1e9), "");
    }
  }

  /** How long a Create takes; the sessions are gone afterwards. */
  private static double creating(Sessions sessions, int times) {
    final Samples millis = new Samples();
    for (int i = 0; i < times; i++) {
      final long begin = System.nanoTime();
      final String id = sessions.start("exec sleep 1000000");
      millis.add((System.nanoTime() - begin) / 1e6);
      sessions.delete(id);
    }
    return millis.median();
  }

  /** What is in use of the heap of a server, garbage aside. */
  static long heapKib(Serving server) throws IOException, InterruptedException {
    final String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    final String pid = Long.toString(server.proc().pid());
    Bed.output(List.of(jcmd, pid, "GC.run"));
    Bed.output(List.of(jcmd, pid, "GC.run"));
    final Matcher used = USED.matcher(Bed.output(List.of(jcmd, pid, "GC.heap_info")));
    if (!used.find()) {
      throw new IOException("jcmd does not say how much of the heap is used");
    }
    return Long.parseLong(used.group(1));
  }
}
