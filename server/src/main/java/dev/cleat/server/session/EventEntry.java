package dev.cleat.server.session;

import com.google.protobuf.CodedOutputStream;
import dev.cleat.server.journal.Entry;
import dev.cleat.v1.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/**
 * An event that was built with the number it gets: the session's lock makes sure that nobody
 * appends between.
 *
 * @param event with its number and its time
 */
record EventEntry(Event event) implements Entry {

  @Override
  public int sizeAt(long seq) {
    if (seq != event.getSeq()) {
      throw new IllegalStateException("event " + event.getSeq() + " appended as " + seq);
    }
    return event.getSerializedSize();
  }

  @Override
  public void encodeAt(long seq, ByteBuffer target) {
    try {
      final CodedOutputStream out = CodedOutputStream.newInstance(target);
      event.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
