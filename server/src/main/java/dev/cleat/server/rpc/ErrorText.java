package dev.cleat.server.rpc;

import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import dev.cleat.server.session.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Keeps errors short. They travel in a call's trailers, and a client that gets more of those than
 * it takes, 8 KiB where nobody says otherwise, gives up the connection with every other call on it.
 * What a caller wrote comes back to it in errors, however long it was. Sizes are in bytes of UTF-8;
 * gRPC makes three of each byte of a message that is not ASCII, and four of three of the details.
 */
final class ErrorText {
  static final int MESSAGE_BYTES = 800;
  static final int METADATA_BYTES = 200;
  private static final int FIELD_BYTES = 200;
  private static final int DESCRIPTION_BYTES = 300;
  private static final int VIOLATIONS_BYTES = 1_500;
  private static final String MORE = "…";

  private ErrorText() {}

  /** The beginning of a text that is longer. */
  static String cut(String text, int most) {
    final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= most) {
      return text;
    }
    int end = most - MORE.getBytes(StandardCharsets.UTF_8).length;
    while (isContinuation(bytes[end])) {
      end--;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8) + MORE;
  }

  private static boolean isContinuation(byte utf8) {
    return (utf8 & 0xc0) == 0x80;
  }

  /** As many of them, from the first, as there is room for. */
  static BadRequest violations(List<Refusal.Violation> violations) {
    final BadRequest.Builder bad = BadRequest.newBuilder();
    int size = 0;
    for (Refusal.Violation violation : violations) {
      final FieldViolation next =
          FieldViolation.newBuilder()
              .setField(cut(violation.field(), FIELD_BYTES))
              .setDescription(cut(violation.description(), DESCRIPTION_BYTES))
              .build();
      size += next.getSerializedSize();
      if (size > VIOLATIONS_BYTES) {
        break;
      }
      bad.addFieldViolations(next);
    }
    return bad.build();
  }
}
