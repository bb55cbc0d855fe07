package dev.cleat.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server takes of its machine at a moment.
 *
 * @param threads how many, by their name without its number; but for the compiler's and those that
 *     carry virtual threads, of which the JVM has more or fewer as it likes
 * @param descriptors how many, by what is open
 * @param children how many processes it has started that are there
 * @param heap bytes of its heap that are in use, after a full collection
 * @param objects the bytes of each class, likewise
 * @param virtualThreads virtual threads that are there, likewise
 */
record Footprint(
    Map<String, Integer> threads,
    Map<String, Integer> descriptors,
    long children,
    long heap,
    Map<String, Long> objects,
    long virtualThreads) {
  private static final Pattern CLASS = Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(\\S+).*");
  private static final Pattern TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)");
  private static final Pattern NUMBER = Pattern.compile("\\d+");

  /** Of this process, after a full collection. */
  static Footprint of(long pid) throws Exception {
    Map<String, Long> objects = new TreeMap<>();
    long heap = 0;
    long virtualThreads = 0;
    for (String line : histogram(pid)) {
      Matcher of = CLASS.matcher(line);
      if (of.matches()) {
        objects.merge(of.group(3), Long.valueOf(of.group(2)), Long::sum);
        virtualThreads +=
            of.group(3).equals("java.lang.VirtualThread") ? Long.parseLong(of.group(1)) : 0;
      }
      Matcher total = TOTAL.matcher(line);
      heap = total.matches() ? Long.parseLong(total.group(1)) : heap;
    }
    Path process = Path.of("/proc", String.valueOf(pid));
    return new Footprint(
        count(process.resolve("task"), Footprint::threadName),
        count(process.resolve("fd"), Footprint::opened),
        ProcessHandle.of(pid).orElseThrow().children().count(),
        heap,
        objects,
        virtualThreads);
  }

  /** Collects, and then says what is left by class. */
  private static List<String> histogram(long pid) throws Exception {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                String.valueOf(pid),
                "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (jcmd.waitFor() != 0) {
      throw new AssertionError("jcmd says " + said);
    }
    return said.lines().toList();
  }

  private interface Name {
    String of(Path entry) throws IOException;
  }

  private static Map<String, Integer> count(Path folder, Name name) throws IOException {
    Map<String, Integer> counts = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        try {
          counts.merge(NUMBER.matcher(name.of(entry)).replaceAll("#"), 1, Integer::sum);
        } catch (NoSuchFileException e) {
          // It is gone by now.
        }
      }
    }
    counts.keySet().removeIf(its -> its.matches("C# Compiler.*|ForkJoinPool-#-.*"));
    return counts;
  }

  private static String threadName(Path thread) throws IOException {
    return Files.readString(thread.resolve("comm")).strip();
  }

  private static String opened(Path descriptor) throws IOException {
    return Files.readSymbolicLink(descriptor).toString();
  }

  /** What there is more of than before, but for the heap; nothing, if all is as it was. */
  Map<String, Integer> moreThan(Footprint before) {
    Map<String, Integer> more = new TreeMap<>();
    add(more, "thread ", threads, before.threads());
    add(more, "open ", descriptors, before.descriptors());
    add(
        more,
        "",
        Map.of("children", (int) children, "virtual threads", (int) virtualThreads),
        Map.of(
            "children", (int) before.children(), "virtual threads", (int) before.virtualThreads()));
    return more;
  }

  private static void add(
      Map<String, Integer> more, String what, Map<String, Integer> now, Map<String, Integer> then) {
    now.forEach((name, count) -> {
      int added = count - then.getOrDefault(name, 0);
      if (added > 0) {
        more.put(what + name, added);
      }
    });
  }

  /** The classes of which there is most more than before. */
  List<String> grown(Footprint before) {
    return objects.entrySet().stream()
        .map(entry ->
            Map.entry(
                entry.getKey(),
                entry.getValue() - before.objects().getOrDefault(entry.getKey(), 0L)))
        .filter(entry -> entry.getValue() > 4096)
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .limit(12)
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .toList();
  }
}
