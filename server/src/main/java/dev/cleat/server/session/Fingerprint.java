package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Tells a retry of a request from another request under the same id. */
final class Fingerprint {
  private Fingerprint() {}

  /** SHA-256 of the bytes. */
  static byte[] of(ByteString bytes) {
    final MessageDigest digest = sha256();
    bytes.asReadOnlyByteBufferList().forEach(digest::update);
    return digest.digest();
  }

  /** SHA-256 of the message, with its maps in order. */
  static byte[] of(Message message) {
    final byte[] bytes = new byte[message.getSerializedSize()];
    final CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
      out.checkNoSpaceLeft();
      return sha256().digest(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
