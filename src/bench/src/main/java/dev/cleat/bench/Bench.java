package dev.cleat.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the benchmarks that were named, or all of them, prints a table and writes JSON. What is
 * compared is measured in turns, so that what else the machine does meets both; figures are medians
 * of the rounds.
 */
public final class Bench {
  private static final Map<String, Measurement> ALL = new LinkedHashMap<>();

  static {
    ALL.put("throughput", Throughput::run);
    ALL.put("echo", Echo::run);
    ALL.put("replay", Replay::run);
    ALL.put("fanout", FanOut::run);
    ALL.put("idle", Idle::run);
    ALL.put("startup", Startup::run);
    ALL.put("syncing", Syncing::run);
    ALL.put("screen", Screens::run);
    ALL.put("siege", Besieged::run);
  }

  private Bench() {}

  /** One benchmark. */
  private interface Measurement {
    void run(Bed bed, Results results) throws Exception;
  }

  /**
   * Takes names of benchmarks, and {@code --quick} for a short run that only shows whether they
   * work.
   */
  public static void main(String[] arguments) throws Exception {
    final List<String> names = new ArrayList<>(List.of(arguments));
    final boolean quick = names.remove("--quick");
    if (!ALL.keySet().containsAll(names)) {
      System.err.println("usage: src/bench/run [--quick] " + ALL.keySet());
      System.exit(2);
    }
    final Path home = Path.of("").toAbsolutePath();
    final Results results = new Results(quick);
    boolean failed = false;
    try (Bed bed = Bed.make(home, quick)) {
      for (String name : names.isEmpty() ? ALL.keySet() : names) {
        results.section(name);
        final Measurement measurement = ALL.get(name);
        try {
          if (measurement != null) {
            measurement.run(bed, results);
          }
        } catch (IOException | RuntimeException e) {
          failed = true;
          results.failed(e);
        }
      }
    }
    final Path json = home.resolve("target/bench/results.json");
    Files.createDirectories(json.getParent());
    Files.writeString(json, results.json());
    System.out.println("\n" + json);
    System.exit(failed || results.missed() ? 1 : 0);
  }
}
