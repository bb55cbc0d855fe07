package dev.cleat.server.rpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.CRC32C;

/**
 * Where the next page of a query begins, in words that mean nothing to the caller. A token carries
 * a checksum of itself, of its query and of whose it is, so that one that was damaged, or taken
 * from another query or another tenant, is refused.
 *
 * @param tenant whose queries
 */
record PageTokens(String tenant) {
  /**
   * A place.
   *
   * @param number a number
   * @param text a text; may be empty
   */
  record Place(long number, String text) {}

  /**
   * A token.
   *
   * @param query the request without page size and page token
   */
  String of(String method, Message query, Place place) {
    final byte[] text = place.text().getBytes(StandardCharsets.UTF_8);
    final ByteBuffer token = ByteBuffer.allocate(Long.BYTES + text.length + Integer.BYTES);
    token.putLong(place.number()).put(text);
    token.putInt(checksum(method, query, token.array(), token.position()));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token.array());
  }

  /**
   * The place of a token.
   *
   * @throws Refusal INVALID_PAGE_TOKEN
   */
  Place place(String method, Message query, String token) {
    try {
      final byte[] bytes = Base64.getUrlDecoder().decode(token);
      final ByteBuffer buffer = ByteBuffer.wrap(bytes);
      final long number = buffer.getLong();
      final byte[] text = new byte[buffer.remaining() - Integer.BYTES];
      buffer.get(text);
      if (buffer.getInt() == checksum(method, query, bytes, bytes.length - Integer.BYTES)) {
        return new Place(number, new String(text, StandardCharsets.UTF_8));
      }
    } catch (IllegalArgumentException | BufferUnderflowException | NegativeArraySizeException e) {
      throw invalid();
    }
    throw invalid();
  }

  /** A token that is not for what it came with. */
  static Refusal invalid() {
    final String what = "is damaged, or belongs to another query; start again without it";
    return Refusal.of(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN,
            "page_token " + what)
        .field("page_token", what);
  }

  private int checksum(String method, Message query, byte[] token, int length) {
    final CRC32C crc = new CRC32C();
    crc.update(tenant.getBytes(StandardCharsets.UTF_8));
    crc.update('/');
    crc.update(method.getBytes(StandardCharsets.UTF_8));
    crc.update(bytes(query));
    crc.update(token, 0, length);
    return (int) crc.getValue();
  }

  /**
   * The same for the same query: many clients send the entries of a map in another order each time,
   * and a message that was read keeps it.
   */
  private static byte[] bytes(Message query) {
    final byte[] bytes = new byte[query.getSerializedSize()];
    final CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      query.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes;
  }
}
