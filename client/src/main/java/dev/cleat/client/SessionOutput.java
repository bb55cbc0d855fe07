package dev.cleat.client;

import dev.cleat.v1.Output;
import java.io.IOException;
import java.io.InputStream;

/**
 * A session's output as a stream of bytes, replayed and then live, reconnecting as needed. It ends
 * when the session does. Output that is no longer there is said by a {@link
 * MissingOutputException}, once, and reading goes on behind it.
 *
 * <p>To be read by one thread; {@link #close} and {@link #attachment} are for any.
 */
public final class SessionOutput extends InputStream {
  private final EventStream events;
  private final Pieces pieces = new Pieces();

  private SessionOutput(EventStream events) {
    this.events = events;
  }

  static SessionOutput open(CleatClient client, String sessionId, AttachOptions options) {
    return new SessionOutput(EventStream.open(client, sessionId, options.outputOnly()));
  }

  @Override
  public int read() throws IOException {
    return pieces.read(this::nextChunk);
  }

  /**
   * Waits for at least one byte. Failures of the attachment come as an {@link IOException} with the
   * {@link CleatException} as cause.
   */
  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    return pieces.read(this::nextChunk, target, offset, length);
  }

  @Override
  public int available() {
    return pieces.available();
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
      pieces.take(output.hasText() ? output.getTextBytes() : output.getData());
    }
    return true;
  }
}
