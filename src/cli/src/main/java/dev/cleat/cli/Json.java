package dev.cleat.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Struct;
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

  /** The message's JSON as an object that fields can be added to. */
  static Struct.Builder struct(MessageOrBuilder message) {
    Struct.Builder struct = Struct.newBuilder();
    try {
      JsonFormat.parser().merge(of(message), struct);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("a message that is not JSON: " + message, e);
    }
    return struct;
  }
}
