package dev.cleat.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Scanner;
import java.util.stream.Stream;

/** What the kernel says of a process. */
record Proc(long pid) {
  private static final double TICKS_PER_SECOND = 100;

  /** The machine's load of the last minutes. */
  static String load() {
    return read(Path.of("/proc/loadavg")).replaceFirst("( \\S+){2}$", "").strip();
  }

  /** Processor time it has used, in seconds. */
  double cpuSeconds() {
    final String stat = read(file("stat"));
    // The name, which may have anything in it, is in parentheses before.
    final Scanner fields = new Scanner(stat.substring(stat.lastIndexOf(')') + 2));
    for (int i = 0; i < 11; i++) {
      fields.next();
    }
    return (fields.nextLong() + fields.nextLong()) / TICKS_PER_SECOND;
  }

  /** Memory it holds, in KiB. */
  long residentKib() {
    return status("VmRSS:");
  }

  long threads() {
    return status("Threads:");
  }

  long descriptors() {
    try (Stream<Path> entries = Files.list(file("fd"))) {
      return entries.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long status(String name) {
    return read(file("status"))
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private Path file(String name) {
    return Path.of("/proc", Long.toString(pid), name);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
