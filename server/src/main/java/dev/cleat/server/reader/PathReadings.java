package dev.cleat.server.reader;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the end of a line may mean as a path. A text does not say where a path in it begins, so
 * there are several readings, the likeliest first; which of them is a file, the file system knows.
 */
final class PathReadings {
  private static final int MOST = 8;
  private static final String QUOTES = "\"'`";
  private static final String SCHEME = "://";
  private static final String FILE = "file:";

  private PathReadings() {}

  /**
   * The readings of the path that ends a line.
   *
   * @param line up to the end of the path, without control characters
   * @param next the character behind it, 0 if it is not known
   */
  static List<String> of(String line, char next) {
    final Set<String> readings = new LinkedHashSet<>();
    if (QUOTES.indexOf(next) >= 0) {
      final int open = line.lastIndexOf(next);
      if (open >= 0) {
        add(readings, line.substring(open + 1));
      }
    }
    final String word = line.substring(wordStart(line));
    if (word.contains(SCHEME) || word.contains(FILE)) {
      add(readings, word);
      return List.copyOf(readings);
    }
    final String plain = unescaped(word);
    add(readings, plain);
    for (int start : starts(plain)) {
      add(readings, plain.substring(start));
    }
    return List.copyOf(readings);
  }

  /** The path of a text that is a path, or the URI of a file; none for another URI. */
  static void add(Set<String> readings, String text) {
    final int file = text.indexOf(FILE);
    if (file >= 0) {
      final String path = ofUri(text.substring(file));
      if (path != null) {
        readings.add(path);
      }
    } else if (!text.isBlank() && !text.contains(SCHEME)) {
      readings.add(text);
    }
  }

  /** The path of a file's URI, {@code file:///a/b} or {@code file://host/a/b}. */
  static @Nullable String ofUri(String uri) {
    if (!uri.startsWith(FILE)) {
      return null;
    }
    final String rest = uri.substring(FILE.length());
    final int slash = rest.startsWith("//") ? rest.indexOf('/', 2) : rest.indexOf('/');
    return slash < 0 ? null : MarkPayload.percentDecoded(rest.substring(slash));
  }

  /** Behind the last blank that no backslash keeps, or the last quote or angle. */
  private static int wordStart(String line) {
    int at = line.length();
    while (at > 0) {
      final char before = line.charAt(at - 1);
      final boolean kept = at > 1 && line.charAt(at - 2) == '\\';
      if (endsWord(before) && !kept) {
        return at;
      }
      at--;
    }
    return 0;
  }

  private static boolean endsWord(char c) {
    return switch (c) {
      case ' ', '"', '\'', '`', '<', '>', '|', '“', '”', '‘', '’', '«', '»' -> true;
      default -> c >= 0x80 && (Character.isWhitespace(c) || Character.isSpaceChar(c));
    };
  }

  private static String unescaped(String word) {
    return word.indexOf('\\') < 0 ? word : word.replaceAll("\\\\(.)", "$1");
  }

  /**
   * Where else a path may begin in a word, the last few of them: behind what is no letter and
   * rarely begins one.
   */
  private static List<Integer> starts(String word) {
    final List<Integer> starts = new ArrayList<>(MOST);
    for (int at = word.length() - 1; at > 0 && starts.size() < MOST; at--) {
      if (isBorder(word.charAt(at - 1)) && !isBorder(word.charAt(at))) {
        starts.add(at);
      }
    }
    return starts.reversed();
  }

  private static boolean isBorder(char c) {
    return switch (c) {
      case '=', ':', ',', ';', '(', ')', '[', ']', '{', '}', '@', '#', '&', '*', '!', '?' -> true;
      default -> c >= 0x80 && !Character.isLetterOrDigit(c) && !Character.isSurrogate(c);
    };
  }
}
