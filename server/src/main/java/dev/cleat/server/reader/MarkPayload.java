package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What stands between {@code ESC ]} and the terminator, read as a {@link Mark}. */
final class MarkPayload {
  /**
   * ConEmu's subcommands share OSC 9 with notifications; {@code 9;4;…}, progress, is widely used.
   */
  private static final Pattern SUBCOMMAND = Pattern.compile("\\d{1,2}(;.*)?", Pattern.DOTALL);

  private static final String FILE = "file://";

  private MarkPayload() {}

  static @Nullable Mark parse(byte[] payload, int length, long start, long end) {
    int separator = 0;
    while (separator < length && payload[separator] != ';') {
      separator++;
    }
    if (separator == length || separator > 3) {
      return null;
    }
    String code = new String(payload, 0, separator, UTF_8);
    String rest = new String(payload, separator + 1, length - separator - 1, UTF_8);
    return switch (code) {
      case "133" -> shell(rest, start, end);
      case "7" -> directory(rest, start, end);
      case "0", "2" -> new Mark.Title(withoutControls(rest), start, end);
      case "9" -> notification(rest, start, end);
      default -> null;
    };
  }

  private static Mark.@Nullable Shell shell(String text, long start, long end) {
    String[] fields = text.split(";", -1);
    OptionalInt exitCode = OptionalInt.empty();
    OptionalInt serial = OptionalInt.empty();
    String aid = null;
    String promptKind = "";
    for (int i = 1; i < fields.length; i++) {
      String field = fields[i];
      if (i == 1 && fields[0].equals("D")) {
        exitCode = number(field);
      } else if (field.startsWith("aid=")) {
        aid = field.substring(4);
      } else if (field.startsWith("k=")) {
        promptKind = field.substring(2);
      } else if (field.startsWith("n=")) {
        serial = number(field.substring(2));
      }
    }
    boolean continued = promptKind.equals("c") || promptKind.equals("s");
    Mark.Kind kind =
        switch (fields[0]) {
          case "A" -> continued ? Mark.Kind.CONTINUATION : Mark.Kind.PROMPT_START;
          case "P" -> continued ? Mark.Kind.CONTINUATION : null;
          case "B" -> Mark.Kind.PROMPT_END;
          case "C" -> Mark.Kind.COMMAND_START;
          case "D" -> Mark.Kind.COMMAND_END;
          default -> null;
        };
    return kind == null ? null : new Mark.Shell(kind, exitCode, aid, serial, start, end);
  }

  private static OptionalInt number(String digits) {
    if (digits.isEmpty() || digits.length() > 9) {
      return OptionalInt.empty();
    }
    int value = 0;
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      if (digit < '0' || digit > '9') {
        return OptionalInt.empty();
      }
      value = value * 10 + (digit - '0');
    }
    return OptionalInt.of(value);
  }

  private static Mark.@Nullable Directory directory(String url, long start, long end) {
    int slash = url.startsWith(FILE) ? url.indexOf('/', FILE.length()) : -1;
    if (slash < 0) {
      return null;
    }
    String path = percentDecoded(url.substring(slash));
    return path == null || hasControls(path)
        ? null
        : new Mark.Directory(url.substring(FILE.length(), slash), path, start, end);
  }

  static @Nullable String percentDecoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] encoded = text.getBytes(UTF_8);
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(encoded.length);
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] != '%') {
        decoded.write(encoded[i]);
        continue;
      }
      boolean whole = i + 2 < encoded.length;
      int high = whole ? Character.digit(encoded[i + 1], 16) : -1;
      int low = whole ? Character.digit(encoded[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        return null;
      }
      decoded.write(high << 4 | low);
      i += 2;
    }
    return decoded.toString(UTF_8);
  }

  private static Mark.@Nullable Notification notification(String text, long start, long end) {
    if (SUBCOMMAND.matcher(text).matches()) {
      return null;
    }
    String clean = withoutControls(text);
    return clean.isEmpty() ? null : new Mark.Notification(clean, start, end);
  }

  private static boolean hasControls(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  private static String withoutControls(String text) {
    if (!hasControls(text)) {
      return text;
    }
    StringBuilder clean = new StringBuilder(text.length());
    text.chars().filter(c -> !Character.isISOControl(c)).forEach(c -> clean.append((char) c));
    return clean.toString();
  }
}
