package dev.cleat.server.rpc;

import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.InputAck;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The acknowledgements of input that a client is still to be sent. Thread-safe. */
final class InputAcks {
  private final ArrayDeque<InputAck> acks = new ArrayDeque<>(2);

  /** One that says the same of a greater number takes the place of the last. */
  synchronized void add(long inputSeq, boolean discarded) {
    final InputAck last = acks.peekLast();
    if (last != null && last.getDiscarded() == discarded) {
      acks.removeLast();
    }
    acks.add(InputAck.newBuilder().setInputSeq(inputSeq).setDiscarded(discarded).build());
  }

  /** Takes the next one out; null if there is none. */
  synchronized @Nullable AttachFrame next() {
    final InputAck ack = acks.poll();
    return ack == null
        ? null
        : new AttachFrame.Message(AttachResponse.newBuilder().setInputAck(ack).build());
  }

  synchronized boolean isEmpty() {
    return acks.isEmpty();
  }
}
