package dev.cleat.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Lines of cells in columns, each as wide as its widest cell. */
final class Table {
  private static final String BETWEEN = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... head) {
    rows.add(List.of(head));
  }

  void add(String... cells) {
    rows.add(Arrays.stream(cells).map(Table::cell).toList());
  }

  /** On its line and in its column, whatever it says. */
  private static String cell(String text) {
    return Show.harmless(text).replaceAll("[\n\t]", " ");
  }

  void print(Streams streams) {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], length(row.get(i)));
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i))
            .repeat(' ', widths[i] - length(row.get(i)))
            .append(i + 1 < widths.length ? BETWEEN : "");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    streams.print(text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static int length(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
