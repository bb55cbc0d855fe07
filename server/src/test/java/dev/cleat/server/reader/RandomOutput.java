package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.random.RandomGenerator;

/** Output as no sane program prints it, but made of what programs print. */
final class RandomOutput {
  private static final String[] TEXTS = {
    "word",
    "two words ",
    "a",
    " ",
    "漢字",
    "🚀",
    "é",
    "e\u0301",
    "\u0301",
    "│",
    "\ue0b0",
    "0123456789",
    "The quick brown fox jumps over the lazy dog. ",
    "q~`#"
  };
  private static final String[] CONTROLS = {
    "\r\n", "\r\n", "\n", "\r", "\b", "\t", "\007", "\016", "\017", "\013", "\f"
  };
  private static final String[] ESCAPES = {
    "\0337", "\0338", "\033D", "\033E", "\033M", "\033H", "\033=", "\033>", "\033(0", "\033(B",
    "\033)0", "\033#8", "\033n", "\033o", "\033%G"
  };
  private static final String[] STRINGS = {
    "\033]0;title\007",
    "\033]2;other\033\\",
    "\033]8;;http://x\007",
    "\033P$qm\033\\",
    "\033_app\033\\",
    "\033]133;A\007"
  };
  private static final int[] MODES = {
    1, 6, 7, 25, 47, 66, 1000, 1002, 1003, 1004, 1006, 1047, 1048, 1049, 2004, 2026
  };
  private static final String FINALS = "@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu";

  private RandomOutput() {}

  /** So many of them. */
  static byte[] of(int pieces, RandomGenerator random) {
    StringBuilder output = new StringBuilder();
    for (int i = 0; i < pieces; i++) {
      output.append(piece(random));
    }
    return output.toString().getBytes(UTF_8);
  }

  private static String piece(RandomGenerator random) {
    return switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> any(TEXTS, random);
      case 4, 5 -> any(CONTROLS, random);
      case 6 -> any(ESCAPES, random);
      case 7 -> random.nextInt(4) == 0 ? any(STRINGS, random) : any(TEXTS, random);
      case 8 -> rendition(random);
      case 9 -> "\033[?" + MODES[random.nextInt(MODES.length)] + (random.nextBoolean() ? "h" : "l");
      default -> "\033[" + parameters(random) + FINALS.charAt(random.nextInt(FINALS.length()));
    };
  }

  private static String any(String[] of, RandomGenerator random) {
    return of[random.nextInt(of.length)];
  }

  private static String parameters(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> "";
      case 1, 2 -> String.valueOf(random.nextInt(random.nextInt(8) == 0 ? 2000 : 12));
      default -> random.nextInt(30) + ";" + random.nextInt(90);
    };
  }

  private static String rendition(RandomGenerator random) {
    return "\033["
        + switch (random.nextInt(6)) {
          case 0 -> "0";
          case 1 -> random.nextInt(10) + ";" + (30 + random.nextInt(20));
          case 2 -> "38;5;" + random.nextInt(256);
          case 3 -> "48;2;%d;%d;9".formatted(random.nextInt(256), random.nextInt(256));
          case 4 -> "38:2::1:2:" + random.nextInt(256);
          default -> "%d;4:3".formatted(90 + random.nextInt(18));
        }
        + "m";
  }

  /** Bytes among which most of those that begin and end sequences are frequent. */
  static byte[] bytes(int count, RandomGenerator random) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(count);
    String frequent = "\033\033\033[[]]PX^_;;:?>!0123456789mhlHJKrABCDLM@\007\\\030\n\r";
    for (int i = 0; i < count; i++) {
      bytes.write(
          random.nextBoolean()
              ? frequent.charAt(random.nextInt(frequent.length()))
              : random.nextInt(256));
    }
    return bytes.toByteArray();
  }
}
