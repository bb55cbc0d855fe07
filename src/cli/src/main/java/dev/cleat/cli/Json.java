package dev.cleat.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;

/** The messages of the contract in protobuf's JSON, one line each. */
final class Json {
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().omittingInsignificantWhitespace();

  private Json() {}

  static String of(MessageOrBuilder message) {
    try {
      return PRINTER.print(message);
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
