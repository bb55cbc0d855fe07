package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Output;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * A session's output as a stream of bytes, replayed and then live, reconnecting as needed. It ends
 * when the session does. Output that is no longer there is said by a {@link
 * MissingOutputException}, once, and reading goes on behind it.
 *
 * <p>To be read by one thread; {@link #close} and {@link #attachment} are for any.
 */
public final class SessionOutput extends InputStream {
  private final EventStream events;
  private ByteString current = ByteString.EMPTY;
  private int read;

  private SessionOutput(EventStream events) {
    this.events = events;
  }

  static SessionOutput open(CleatClient client, String sessionId, AttachOptions options) {
    return new SessionOutput(EventStream.open(client, sessionId, options.outputOnly()));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /**
   * Waits for at least one byte. Failures of the attachment come as an {@link IOException} with the
   * {@link CleatException} as cause.
   */
  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (read == current.size()) {
      if (!nextChunk()) {
        return -1;
      }
    }
    int count = Math.min(length, current.size() - read);
    current.substring(read, read + count).copyTo(target, offset);
    read += count;
    return count;
  }

  @Override
  public int available() {
    return current.size() - read;
  }

  /** How to type, and how it ended. */
  public Attachment attachment() {
    return events.attachment();
  }

  @Override
  public void close() {
    events.close();
  }

  private boolean nextChunk() throws IOException {
    Delivery next;
    try {
      next = events.next();
    } catch (CleatException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (next == null) {
      return false;
    }
    if (next instanceof Delivery.Missing missing) {
      throw new MissingOutputException(missing.gap());
    }
    if (next instanceof Delivery.Happened happened && happened.event().hasOutput()) {
      Output output = happened.event().getOutput();
      current = output.hasText() ? output.getTextBytes() : output.getData();
      read = 0;
    }
    return true;
  }
}
