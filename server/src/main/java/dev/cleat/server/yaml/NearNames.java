package dev.cleat.server.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names that may have been meant by one that is not there. */
public final class NearNames {
  private static final int AT_MOST = 3;

  private NearNames() {}

  /** The nearest first; none if none is near. */
  public static List<String> of(String wanted, Collection<String> names) {
    String lower = wanted.toLowerCase(Locale.ROOT);
    int tolerated = Math.max(1, lower.length() / 3);
    return names.stream()
        .filter(name -> isNear(lower, name.toLowerCase(Locale.ROOT), tolerated))
        .sorted(
            Comparator.comparingInt((String name) -> distance(lower, name.toLowerCase(Locale.ROOT)))
                .thenComparing(Comparator.naturalOrder()))
        .limit(AT_MOST)
        .toList();
  }

  private static boolean isNear(String wanted, String name, int tolerated) {
    if (Math.abs(wanted.length() - name.length()) <= tolerated
        && distance(wanted, name) <= tolerated) {
      return true;
    }
    return Math.min(wanted.length(), name.length()) >= 2
        && (name.startsWith(wanted) || wanted.startsWith(name));
  }

  /** How many characters must be inserted, deleted or replaced to get from one to the other. */
  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
