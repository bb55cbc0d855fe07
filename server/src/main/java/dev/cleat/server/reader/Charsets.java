package dev.cleat.server.reader;

import java.util.Arrays;

/** The four character sets of a terminal, and which of them is in use. */
final class Charsets {
  private static final char ASCII = 'B';
  private static final char GRAPHICS = '0';
  private static final char BRITISH = 'A';

  /** What the line drawing set has for 0x60 to 0x7E. */
  private static final String LINES = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

  private final char[] sets = {ASCII, ASCII, ASCII, ASCII};
  private int used;

  Charsets copy() {
    Charsets copy = new Charsets();
    copy.set(this);
    return copy;
  }

  void set(Charsets other) {
    System.arraycopy(other.sets, 0, sets, 0, sets.length);
    used = other.used;
  }

  void reset() {
    Arrays.fill(sets, ASCII);
    used = 0;
  }

  void use(int which) {
    used = which;
  }

  /** Makes one of the four the set with this name; sets that are not known are ASCII. */
  void designate(int which, int name) {
    sets[which] = name == GRAPHICS || name == BRITISH ? (char) name : ASCII;
  }

  /** Whether this is how a terminal begins. */
  boolean isInitial() {
    return used == 0 && Arrays.equals(sets, new char[] {ASCII, ASCII, ASCII, ASCII});
  }

  boolean isAscii() {
    return sets[used] == ASCII;
  }

  /** What an ASCII character is in the set that is used. */
  int map(int ascii) {
    return switch (sets[used]) {
      case GRAPHICS -> ascii >= 0x60 && ascii < 0x7F ? LINES.charAt(ascii - 0x60) : ascii;
      case BRITISH -> ascii == '#' ? '£' : ascii;
      default -> ascii;
    };
  }

  /** Writes what brings a terminal from its first state to this one. */
  void write(StringBuilder to) {
    for (int which = 0; which < sets.length; which++) {
      if (sets[which] != ASCII) {
        to.append('\033').append("()*+".charAt(which)).append(sets[which]);
      }
    }
    switch (used) {
      case 1 -> to.append('\016');
      case 2 -> to.append("\033n");
      case 3 -> to.append("\033o");
      default -> {
        // The first is in use from the start.
      }
    }
  }
}
