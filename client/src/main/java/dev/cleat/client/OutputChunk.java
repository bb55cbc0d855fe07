package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Event;
import dev.cleat.v1.Output;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Something that a session printed: one output event of its journal. Immutable. */
public final class OutputChunk {

  /** Where it was printed. */
  public enum Stream {
    /** A stream that this version of the library does not know. */
    UNKNOWN,
    /** The terminal. */
    TERMINAL,
    /** Standard output of a session on pipes. */
    STDOUT,
    /** Standard error of a session on pipes. */
    STDERR
  }

  private final Event event;
  private final long epoch;

  OutputChunk(Event event, long epoch) {
    this.event = event;
    this.epoch = epoch;
  }

  /** The number of the event. */
  public long seq() {
    return event.getSeq();
  }

  /** The place behind this chunk, for attaching there later. */
  public Position position() {
    return new Position(epoch, event.getSeq());
  }

  /** When it was printed, by the server's clock. */
  public Instant time() {
    return Times.of(event.getTime());
  }

  /**
   * The offset of the first byte in the session's output: all streams, all runs of the process,
   * from 0.
   */
  public long offset() {
    return event.getOutput().getOffset();
  }

  /** Where it was printed. */
  public Stream stream() {
    return Names.of(Stream.class, "OUTPUT_STREAM_", event.getOutput().getStream(), Stream.UNKNOWN);
  }

  /** The bytes as printed, a new array; for the text encodings, the text in UTF-8. */
  public byte[] bytes() {
    return content().toByteArray();
  }

  /** Writes {@link #bytes} without copying them first. */
  public void writeTo(OutputStream out) throws IOException {
    content().writeTo(out);
  }

  /**
   * The text. With the encoding {@link AttachOptions.Encoding#BYTES} a character may be split over
   * two chunks, and its halves come out as U+FFFD: ask for a text encoding, or collect the bytes.
   */
  public String text() {
    Output output = event.getOutput();
    return output.hasText() ? output.getText() : output.getData().toString(StandardCharsets.UTF_8);
  }

  /** The event as it came. */
  public Event event() {
    return event;
  }

  ByteString content() {
    Output output = event.getOutput();
    return output.hasText() ? output.getTextBytes() : output.getData();
  }

  @Override
  public String toString() {
    return "OutputChunk[seq=" + seq() + ", offset=" + offset() + ", stream=" + stream() + "]";
  }
}
