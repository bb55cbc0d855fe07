package dev.cleat.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import java.util.regex.Pattern;

/** The messages of the contract in protobuf's JSON, one line each. */
final class Json {
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().omittingInsignificantWhitespace();

  /** What has an effect on a terminal and JSON lets stand as it is. */
  private static final Pattern CONTROLS =
      Pattern.compile("[\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]");

  private Json() {}

  static String of(MessageOrBuilder message) {
    try {
      return CONTROLS
          .matcher(PRINTER.print(message))
          .replaceAll(found -> "\\\\u%04x".formatted((int) found.group().charAt(0)));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("a message that is not JSON: " + message, e);
    }
  }

  static String text(String text) {
    return of(Value.newBuilder().setStringValue(text));
  }

  /**
   * An object that has fields, with one more. Not as a Struct, which has 3.0 for each 3.
   *
   * @param value JSON
   */
  static String with(String object, String name, String value) {
    return "%s,%s:%s}".formatted(object.substring(0, object.length() - 1), text(name), value);
  }
}
