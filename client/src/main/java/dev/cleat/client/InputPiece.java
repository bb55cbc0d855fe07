package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.InputRange;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A part of a send that is numbered, and acknowledged, on its own. Guarded by its writer's lock.
 */
final class InputPiece {

  /** What the caller is told of one send: the first failure of its pieces, or that all went in. */
  static final class Send {
    final CompletableFuture<Void> applied;
    boolean failed;

    Send(CompletableFuture<Void> applied) {
      this.applied = applied;
    }
  }

  final ByteString data;
  final Send of;
  final boolean last;
  long seq;
  boolean written; // to any call, ever

  InputPiece(long seq, ByteString data, Send of, boolean last) {
    this.seq = seq;
    this.data = data;
    this.of = of;
    this.last = last;
  }

  boolean isIn(List<InputRange> ranges) {
    return ranges.stream().anyMatch(r -> r.getFirstSeq() <= seq && seq <= r.getLastSeq());
  }
}
