package dev.cleat.server.session;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Tells a retry of a request from another request under the same id. */
final class Fingerprint {
  private Fingerprint() {}

  /** SHA-256 of the message, with its maps in order. */
  static byte[] of(Message message) {
    final byte[] bytes = new byte[message.getSerializedSize()];
    final CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
      out.checkNoSpaceLeft();
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
