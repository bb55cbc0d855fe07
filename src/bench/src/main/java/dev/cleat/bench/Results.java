package dev.cleat.bench;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What has been measured: printed as it comes, and kept for the JSON. For one thread. */
final class Results {
  private final boolean quick;
  private final List<Row> rows = new ArrayList<>();
  private String section = "";

  /** A figure, and what the issue asks of it, if it does. */
  private record Row(
      String section, String name, double value, String unit, String target, boolean missed) {}

  Results(boolean quick) {
    this.quick = quick;
    System.out.printf(
        "%s, %d processors, Java %s, load %s%s%n",
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        Runtime.version(),
        Proc.load(),
        quick ? ", quick: the figures say little" : "");
  }

  void section(String name) {
    section = name;
    System.out.println("\n" + name);
  }

  void add(String name, double value, String unit) {
    add(new Row(section, name, value, unit, "", false));
  }

  void atLeast(String name, double value, double limit) {
    add(new Row(section, name, value, "", "at least " + limit, !(value >= limit)));
  }

  void atMost(String name, double value, double limit) {
    add(new Row(section, name, value, "", "at most " + limit, !(value <= limit)));
  }

  void note(String text) {
    System.out.println("  " + text);
  }

  void failed(Exception cause) {
    rows.add(new Row(section, "failed: " + cause.getMessage(), Double.NaN, "", "", true));
    System.out.println("  FAILED");
    cause.printStackTrace(System.out);
  }

  private void add(Row row) {
    rows.add(row);
    System.out.printf(
        "  %-58s %10s %-9s %s%s%n",
        row.name, number(row.value), row.unit, row.target, row.missed ? "  MISSED" : "");
  }

  /** Three digits that say something. */
  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    final double size = Math.abs(value);
    return String.format(Locale.ROOT, size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f", value);
  }

  boolean missed() {
    return rows.stream().anyMatch(Row::missed);
  }

  String json() {
    final String figures =
        rows.stream()
            .map(row ->
                String.format(
                    Locale.ROOT,
                    "    {\"benchmark\": %s, \"figure\": %s, \"value\": %s, \"unit\": %s,"
                        + " \"target\": %s, \"missed\": %s}",
                    quoted(row.section),
                    quoted(row.name),
                    Double.isFinite(row.value) ? row.value : "null",
                    quoted(row.unit),
                    quoted(row.target),
                    row.missed))
            .collect(Collectors.joining(",\n"));
    return String.format(
        """
        {
          "time": "%s",
          "quick": %s,
          "processors": %d,
          "load_at_the_end": "%s",
          "figures": [
        %s
          ]
        }
        """,
        Instant.now(), quick, Runtime.getRuntime().availableProcessors(), Proc.load(), figures);
  }

  private static String quoted(String text) {
    final StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      final char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
