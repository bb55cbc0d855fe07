package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Turns a stream of UTF-8 bytes into text, in whatever pieces it comes, without ever splitting a
 * character.
 *
 * <p>Whatever the pieces, the texts together are what decoding all the bytes at once gives: each
 * maximal invalid sequence becomes U+FFFD, as in Java and in the WHATWG standard. At most three
 * bytes, an incomplete character, are held back.
 *
 * <p>Not safe for use by several threads.
 */
public final class Utf8Text {
  private final byte[] held = new byte[3];
  private int heldCount;

  /** The text of all complete characters so far that were not returned yet; may be empty. */
  public String feed(byte[] bytes, int from, int count) {
    if (heldCount == 0) {
      int complete = complete(bytes, from, count);
      hold(bytes, from + complete, count - complete);
      return new String(bytes, from, complete, UTF_8);
    }
    byte[] joined = new byte[heldCount + count];
    System.arraycopy(held, 0, joined, 0, heldCount);
    System.arraycopy(bytes, from, joined, heldCount, count);
    int complete = complete(joined, 0, joined.length);
    hold(joined, complete, joined.length - complete);
    return new String(joined, 0, complete, UTF_8);
  }

  /**
   * The bytes held back, of a character that will not be completed: U+FFFD, or nothing if none are
   * held.
   */
  public String flush() {
    String rest = new String(held, 0, heldCount, UTF_8);
    heldCount = 0;
    return rest;
  }

  /** How many bytes are held back, 0–3. */
  public int held() {
    return heldCount;
  }

  private void hold(byte[] bytes, int from, int count) {
    System.arraycopy(bytes, from, held, 0, count);
    heldCount = count;
  }

  /** How many of the bytes can be decoded now: all but an incomplete character at their end. */
  private static int complete(byte[] bytes, int from, int count) {
    for (int back = 1; back <= Math.min(3, count); back++) {
      int b = bytes[from + count - back] & 0xFF;
      if (b < 0x80) {
        return count;
      }
      if (b >= 0xC0) {
        // A first byte: it may be cut off here, because no character before it can reach across it.
        return back < lengthOf(b) ? count - back : count;
      }
    }
    return count;
  }

  private static int lengthOf(int first) {
    if (first < 0xE0) {
      return 2;
    }
    return first < 0xF0 ? 3 : 4;
  }
}
