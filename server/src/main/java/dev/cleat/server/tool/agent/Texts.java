package dev.cleat.server.tool.agent;

import java.util.function.Consumer;

/** Texts of agents, in the sizes of the contract. */
final class Texts {
  private Texts() {}

  /** As much of a text as fits into so many bytes of UTF-8, cut between characters. */
  static String cut(String text, int mostBytes) {
    return whole(text.substring(0, end(text, 0, mostBytes)));
  }

  /** The text when it fits into so many bytes of UTF-8, else nothing. */
  static String orEmpty(String text, int mostBytes) {
    return end(text, 0, mostBytes) == text.length() ? whole(text) : "";
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
