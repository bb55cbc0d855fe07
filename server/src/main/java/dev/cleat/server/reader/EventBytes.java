package dev.cleat.server.reader;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.cleat.v1.Event;
import dev.cleat.v1.Output;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * A look at a serialised event without parsing it: its kind, its time and, for output, where its
 * bytes lie. Readers of the output and filters see every event of every session, so this copies
 * nothing.
 *
 * <p>One object is used for many events; not safe for use by several threads.
 */
public final class EventBytes {
  private static final int TIMESTAMP_SECONDS = 1;
  private static final int TIMESTAMP_NANOS = 2;

  private byte[] array = new byte[0];
  private int kind;
  private long seconds;
  private int nanos;
  private long outputOffset;
  private int outputStream;
  private int dataFrom;
  private int dataLength;

  /**
   * Looks at an event.
   *
   * @throws UncheckedIOException if it is not one, which a verified journal cannot come to
   */
  public void read(byte[] bytes, int offset, int length) {
    array = bytes;
    kind = 0;
    seconds = 0;
    nanos = 0;
    try {
      final CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        field(in, tag, offset);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void field(CodedInputStream in, int tag, int offset) throws IOException {
    final int number = WireFormat.getTagFieldNumber(tag);
    switch (number) {
      case Event.SEQ_FIELD_NUMBER -> in.readUInt64();
      case Event.TIME_FIELD_NUMBER -> {
        final int limit = in.pushLimit(in.readRawVarint32());
        time(in);
        in.popLimit(limit);
      }
      case Event.OUTPUT_FIELD_NUMBER -> {
        kind = number;
        final int limit = in.pushLimit(in.readRawVarint32());
        output(in, offset);
        in.popLimit(limit);
      }
      default -> {
        kind = number;
        in.skipField(tag);
      }
    }
  }

  private void time(CodedInputStream in) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case TIMESTAMP_SECONDS -> seconds = in.readInt64();
        case TIMESTAMP_NANOS -> nanos = in.readInt32();
        default -> in.skipField(tag);
      }
    }
  }

  private void output(CodedInputStream in, int offset) throws IOException {
    outputOffset = 0;
    outputStream = 0;
    dataFrom = 0;
    dataLength = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case Output.OFFSET_FIELD_NUMBER -> outputOffset = in.readUInt64();
        case Output.STREAM_FIELD_NUMBER -> outputStream = in.readEnum();
        case Output.DATA_FIELD_NUMBER -> {
          dataLength = in.readRawVarint32();
          dataFrom = offset + in.getTotalBytesRead();
          in.skipRawBytes(dataLength);
        }
        default -> in.skipField(tag);
      }
    }
  }

  /**
   * The field number of {@code Event.kind}, which is the number of its {@code EventKind}; 0 if it
   * has none.
   */
  public int kind() {
    return kind;
  }

  /** Whether it is output, and the methods below have something to say. */
  public boolean isOutput() {
    return kind == Event.OUTPUT_FIELD_NUMBER;
  }

  /** When it was appended: seconds since 1970. */
  public long seconds() {
    return seconds;
  }

  /** When it was appended: the nanoseconds beside {@link #seconds}. */
  public int nanos() {
    return nanos;
  }

  /** The offset of the first byte of data in the session's output. */
  public long outputOffset() {
    return outputOffset;
  }

  /** The number of the {@code OutputStream}. */
  public int outputStream() {
    return outputStream;
  }

  /** Holds the data; shared, never to be changed. */
  public byte[] array() {
    return array;
  }

  /** Where in the array the data begins. */
  public int dataFrom() {
    return dataFrom;
  }

  /** How many bytes of data there are. */
  public int dataLength() {
    return dataLength;
  }
}
