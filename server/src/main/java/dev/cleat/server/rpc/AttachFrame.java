package dev.cleat.server.rpc;

import com.google.protobuf.CodedOutputStream;
import dev.cleat.server.journal.Batch;
import dev.cleat.v1.AttachResponse;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * What an Attach sends: a message, or a batch of the journal, whose bytes are the message's
 * already.
 */
sealed interface AttachFrame extends KnownLength {
  /** How many bytes it is on the wire. */
  @Override
  int available();

  /** A message. */
  record Message(AttachResponse response) implements AttachFrame {
    @Override
    public int available() {
      return response.getSerializedSize();
    }
  }

  /** {@code AttachResponse{events}}, from the journal. */
  record Events(Batch batch) implements AttachFrame {
    @Override
    public int available() {
      return headLength(batch) + batch.wireLength();
    }
  }

  private static int headLength(Batch batch) {
    return CodedOutputStream.computeTagSize(AttachResponse.EVENTS_FIELD_NUMBER)
        + CodedOutputStream.computeUInt32SizeNoTag(batch.wireLength());
  }

  /** Puts frames on the wire. Batches are copied once, into the transport's buffers. */
  final class Marshaller implements MethodDescriptor.Marshaller<AttachFrame> {
    private final MethodDescriptor.Marshaller<AttachResponse> messages =
        ProtoUtils.marshaller(AttachResponse.getDefaultInstance());

    @Override
    public InputStream stream(AttachFrame frame) {
      return switch (frame) {
        case Message(AttachResponse response) -> messages.stream(response);
        case Events(Batch batch) -> new EventsStream(batch);
      };
    }

    @Override
    public AttachFrame parse(InputStream stream) {
      return new Message(messages.parse(stream));
    }
  }

  /** A batch as an {@code AttachResponse}. */
  final class EventsStream extends InputStream implements Drainable, KnownLength {
    private static final int LENGTH_DELIMITED = 2;

    private final Batch batch;
    private final byte[] head;
    private @Nullable ByteArrayInputStream copied;
    private boolean drained;

    EventsStream(Batch batch) {
      this.batch = batch;
      final int length = batch.wireLength();
      head = new byte[headLength(batch)];
      try {
        final CodedOutputStream out = CodedOutputStream.newInstance(head);
        out.writeTag(AttachResponse.EVENTS_FIELD_NUMBER, LENGTH_DELIMITED);
        out.writeUInt32NoTag(length);
        out.checkNoSpaceLeft();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      if (copied != null) {
        return (int) copied.transferTo(target);
      }
      if (drained) {
        return 0;
      }
      drained = true;
      target.write(head);
      batch.writeTo(target);
      return head.length + batch.wireLength();
    }

    @Override
    public int available() {
      if (copied != null) {
        return copied.available();
      }
      return drained ? 0 : head.length + batch.wireLength();
    }

    /** For transports that do not drain: the one within a process, and compression. */
    private ByteArrayInputStream copy() {
      if (copied == null) {
        final byte[] all = new byte[drained ? 0 : head.length + batch.wireLength()];
        if (!drained) {
          System.arraycopy(head, 0, all, 0, head.length);
          System.arraycopy(batch.toByteArray(), 0, all, head.length, batch.wireLength());
        }
        copied = new ByteArrayInputStream(all);
      }
      return copied;
    }

    @Override
    public int read() {
      return copy().read();
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      return copy().read(target, offset, length);
    }
  }
}
