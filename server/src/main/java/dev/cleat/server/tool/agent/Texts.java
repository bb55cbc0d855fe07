package dev.cleat.server.tool.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Texts of agents, in the sizes of the contract: whatever an agent says, no event with it gets too
 * long for a client.
 */
public final class Texts {
  /** The most bytes of a text, of JSON, or of all paths together, in an event. */
  public static final int MOST_BYTES = 64 * 1024;

  /** The most bytes of what is one line for a person, such as a title. */
  public static final int MOST_LINE_BYTES = 4 * 1024;

  /** The most bytes of what an agent says of an error. */
  static final int MOST_MESSAGE_BYTES = 8 * 1024;

  private static final int MOST_ID_BYTES = 200;

  /** Of an id that is too long, before the sum that stands for all of it. */
  private static final int ID_START_BYTES = 100;

  private static final int MOST_PATHS = 1_000;

  /** As many as a system takes: what is longer names no file, and a part of it another one. */
  private static final int MOST_PATH_BYTES = 4 * 1024;

  private Texts() {}

  /**
   * A name that an agent gave to something, such as a call. One that is too long is told in another
   * form, which is the same each time, and not that of any other.
   */
  static String id(String id) {
    return fits(id, MOST_ID_BYTES) ? whole(id) : cut(id, ID_START_BYTES) + "~" + sum(id);
  }

  private static String sum(String text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }

  /** The paths of files, each once, as many as an event holds. */
  static Set<String> paths(Iterable<String> all) {
    Set<String> paths = new LinkedHashSet<>();
    int left = MOST_BYTES;
    for (String path : all) {
      if (!path.isEmpty() && fits(path, MOST_PATH_BYTES) && !paths.contains(path)) {
        left -= path.getBytes(UTF_8).length;
        if (left < 0 || paths.size() == MOST_PATHS) {
          break;
        }
        paths.add(whole(path));
      }
    }
    return paths;
  }

  /** As much of a text as fits into so many bytes of UTF-8, cut between characters. */
  public static String cut(String text, int mostBytes) {
    return whole(text.substring(0, end(text, 0, mostBytes)));
  }

  /** Whether a text has so many bytes of UTF-8 at most. */
  static boolean fits(String text, int mostBytes) {
    return end(text, 0, mostBytes) == text.length();
  }

  /** The text when it fits into so many bytes of UTF-8, else nothing. */
  static String orEmpty(String text, int mostBytes) {
    return fits(text, mostBytes) ? whole(text) : "";
  }

  /** Tells a text in pieces of so many bytes at most, cut between characters. */
  static void pieces(String text, int mostBytes, Consumer<String> piece) {
    int from = 0;
    while (from < text.length()) {
      int to = end(text, from, mostBytes);
      piece.accept(whole(text.substring(from, to)));
      from = to;
    }
  }

  private static int end(String text, int from, int mostBytes) {
    int bytes = 0;
    int at = from;
    while (at < text.length()) {
      int character = text.codePointAt(at);
      bytes += character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
      if (bytes > mostBytes) {
        break;
      }
      at += Character.charCount(character);
    }
    return at;
  }

  /** JSON can hold half of a character as an escape; UTF-8 cannot. */
  private static String whole(String text) {
    boolean broken = text.codePoints().anyMatch(c -> Character.getType(c) == Character.SURROGATE);
    if (!broken) {
      return text;
    }
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> whole.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0xFFFD : c));
    return whole.toString();
  }
}
