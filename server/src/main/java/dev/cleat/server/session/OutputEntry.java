package dev.cleat.server.session;

import com.google.protobuf.CodedOutputStream;
import dev.cleat.server.journal.Entry;
import dev.cleat.v1.Event;
import dev.cleat.v1.Output;
import dev.cleat.v1.OutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * Output on its way into the journal, serialised by hand: every byte a session prints passes here,
 * and this way it is copied once, from the terminal's buffer into the batch that readers share.
 * {@code OutputEntryTest} holds it against the generated classes.
 *
 * <p>One object for each session, set before each append; confined to the session's lock.
 */
final class OutputEntry implements Entry {
  private static final int TIMESTAMP_SECONDS = 1;
  private static final int TIMESTAMP_NANOS = 2;

  private long seconds;
  private int nanos;
  private long offset;
  private OutputStream stream = OutputStream.OUTPUT_STREAM_UNSPECIFIED;
  private ByteBuffer data = ByteBuffer.allocate(0);
  private int timeSize;
  private int outputSize;

  /**
   * Sets what is appended next.
   *
   * @param time when it was printed
   * @param offset the offset of its first byte in the session's output
   * @param data from position to limit; read, not moved
   */
  void set(Instant time, long offset, OutputStream stream, ByteBuffer data) {
    this.seconds = time.getEpochSecond();
    this.nanos = time.getNano();
    this.offset = offset;
    this.stream = stream;
    this.data = data;
    timeSize =
        sizeOfLong(TIMESTAMP_SECONDS, seconds)
            + (nanos == 0 ? 0 : CodedOutputStream.computeInt32Size(TIMESTAMP_NANOS, nanos));
    outputSize =
        sizeOfLong(Output.OFFSET_FIELD_NUMBER, offset)
            + CodedOutputStream.computeEnumSize(Output.STREAM_FIELD_NUMBER, stream.getNumber())
            + CodedOutputStream.computeTagSize(Output.DATA_FIELD_NUMBER)
            + CodedOutputStream.computeUInt32SizeNoTag(data.remaining())
            + data.remaining();
  }

  private static int sizeOfLong(int field, long value) {
    return value == 0 ? 0 : CodedOutputStream.computeUInt64Size(field, value);
  }

  @Override
  public int sizeAt(long seq) {
    return CodedOutputStream.computeUInt64Size(Event.SEQ_FIELD_NUMBER, seq)
        + CodedOutputStream.computeTagSize(Event.TIME_FIELD_NUMBER)
        + CodedOutputStream.computeUInt32SizeNoTag(timeSize)
        + timeSize
        + CodedOutputStream.computeTagSize(Event.OUTPUT_FIELD_NUMBER)
        + CodedOutputStream.computeUInt32SizeNoTag(outputSize)
        + outputSize;
  }

  @Override
  public void encodeAt(long seq, ByteBuffer target) {
    try {
      final CodedOutputStream out = CodedOutputStream.newInstance(target);
      out.writeUInt64(Event.SEQ_FIELD_NUMBER, seq);
      out.writeTag(Event.TIME_FIELD_NUMBER, 2);
      out.writeUInt32NoTag(timeSize);
      if (seconds != 0) {
        out.writeInt64(TIMESTAMP_SECONDS, seconds);
      }
      if (nanos != 0) {
        out.writeInt32(TIMESTAMP_NANOS, nanos);
      }
      out.writeTag(Event.OUTPUT_FIELD_NUMBER, 2);
      out.writeUInt32NoTag(outputSize);
      if (offset != 0) {
        out.writeUInt64(Output.OFFSET_FIELD_NUMBER, offset);
      }
      out.writeEnum(Output.STREAM_FIELD_NUMBER, stream.getNumber());
      out.writeTag(Output.DATA_FIELD_NUMBER, 2);
      out.writeUInt32NoTag(data.remaining());
      // writeRawBytes takes the whole capacity, hence the slice.
      out.writeRawBytes(data.slice());
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
