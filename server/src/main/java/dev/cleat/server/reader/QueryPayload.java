package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What stands in an escape sequence, read as {@link Query Queries}. */
final class QueryPayload {
  private static final Pattern MODE = Pattern.compile("(\\??)(\\d{1,6})\\$");
  private static final Pattern NAMES = Pattern.compile("[0-9A-Fa-f;]+");
  private static final Pattern INDEX = Pattern.compile("\\d{1,3}");
  private static final int LAST_DYNAMIC_COLOR = 12;

  private QueryPayload() {}

  /** A control sequence: what stands before its last byte, and that. */
  static void sequence(
      byte[] bytes, int length, byte last, long end, Consumer<? super Query> sink) {
    switch (last) {
      case 'c' -> attributes(text(bytes, length), end, sink);
      case 'n' -> report(text(bytes, length), end, sink);
      case 'p' -> mode(text(bytes, length), end, sink);
      case 'q' -> {
        if (isWithout(text(bytes, length), ">")) {
          sink.accept(new Query.Version(end));
        }
      }
      case 't' -> size(text(bytes, length), end, sink);
      default -> {
        // No question.
      }
    }
  }

  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, ISO_8859_1);
  }

  /** Whether there is no number after the prefix, or 0. */
  private static boolean isWithout(String parameters, String prefix) {
    return parameters.equals(prefix) || parameters.equals(prefix + "0");
  }

  private static void attributes(String parameters, long end, Consumer<? super Query> sink) {
    if (isWithout(parameters, "")) {
      sink.accept(new Query.DeviceAttributes(Query.Attributes.PRIMARY, end));
    } else if (isWithout(parameters, ">")) {
      sink.accept(new Query.DeviceAttributes(Query.Attributes.SECONDARY, end));
    } else if (isWithout(parameters, "=")) {
      sink.accept(new Query.DeviceAttributes(Query.Attributes.TERTIARY, end));
    }
  }

  private static void report(String parameters, long end, Consumer<? super Query> sink) {
    switch (parameters) {
      case "5" -> sink.accept(new Query.Status(end));
      case "6" -> sink.accept(new Query.CursorPosition(false, end));
      case "?6" -> sink.accept(new Query.CursorPosition(true, end));
      default -> {
        // What is not known here is not answered.
      }
    }
  }

  private static void mode(String parameters, long end, Consumer<? super Query> sink) {
    Matcher mode = MODE.matcher(parameters);
    if (mode.matches()) {
      boolean dec = !mode.group(1).isEmpty();
      sink.accept(new Query.Mode(Integer.parseInt(mode.group(2)), dec, end));
    }
  }

  private static void size(String parameters, long end, Consumer<? super Query> sink) {
    switch (parameters) {
      case "14" -> sink.accept(new Query.Size(Query.Extent.TEXT_PIXELS, end));
      case "16" -> sink.accept(new Query.Size(Query.Extent.CELL_PIXELS, end));
      case "18" -> sink.accept(new Query.Size(Query.Extent.TEXT_CELLS, end));
      case "19" -> sink.accept(new Query.Size(Query.Extent.SCREEN_CELLS, end));
      default -> {
        // It does something to the window.
      }
    }
  }

  /** An operating system command; it may ask for several colours, and may set others. */
  static void command(byte[] payload, boolean bell, long end, Consumer<? super Query> sink) {
    String[] fields = text(payload, payload.length).split(";", -1);
    switch (fields[0]) {
      case "4" -> {
        for (int i = 1; i + 1 < fields.length; i += 2) {
          if (fields[i + 1].equals("?") && INDEX.matcher(fields[i]).matches()) {
            paletteColor(Integer.parseInt(fields[i]), bell, end, sink);
          }
        }
      }
      case "10", "11", "12" -> {
        int first = Integer.parseInt(fields[0]);
        for (int i = 1; i < fields.length && first + i - 1 <= LAST_DYNAMIC_COLOR; i++) {
          if (fields[i].equals("?")) {
            sink.accept(new Query.Color(first + i - 1, 0, bell, end));
          }
        }
      }
      default -> {
        // No question that is known here.
      }
    }
  }

  private static void paletteColor(
      int index, boolean bell, long end, Consumer<? super Query> sink) {
    if (index < 256) {
      sink.accept(new Query.Color(4, index, bell, end));
    }
  }

  /** A device control string. */
  static void control(byte[] payload, long end, Consumer<? super Query> sink) {
    if (payload[0] == '$') {
      sink.accept(new Query.Setting(end));
    } else if (payload[0] == '+') {
      String names = new String(payload, 2, payload.length - 2, ISO_8859_1);
      if (NAMES.matcher(names).matches()) {
        sink.accept(new Query.Capability(names, end));
      }
    }
  }
}
