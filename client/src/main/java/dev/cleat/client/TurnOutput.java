package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Event;
import dev.cleat.v1.Gap;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.SessionServiceGrpc;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Collects what an ended turn printed: exactly its range of bytes, of which the end is kept.
 * Confined to one thread.
 */
final class TurnOutput {
  private static final int PAGE_EVENTS = 10_000;

  private final dev.cleat.v1.Turn turn;
  private final int maxBytes;
  private final Deque<ByteString> kept = new ArrayDeque<>();
  private long keptBytes;

  private TurnOutput(dev.cleat.v1.Turn turn, int maxBytes) {
    this.turn = turn;
    this.maxBytes = maxBytes;
  }

  /** The turn with its output, as plain text or as it was printed. */
  static Turn fetch(Rpc rpc, dev.cleat.v1.Turn turn, int maxBytes, boolean raw) {
    TurnOutput output = new TurnOutput(turn, maxBytes);
    long length = turn.getOutputEndOffset() - turn.getOutputStartOffset();
    if (length > 0 && maxBytes > 0 && turn.getFirstSeq() > 0) {
      output.read(rpc);
    }
    String text = output.bytes().toString(StandardCharsets.UTF_8);
    return new Turn(
        turn, raw ? text : new PlainText().strip(text), Math.max(0, length - output.keptBytes), "");
  }

  private void read(Rpc rpc) {
    long after = turn.getFirstSeq() - 1;
    while (after < turn.getLastSeq()) {
      ReadEventsResponse page =
          rpc.call(
              SessionServiceGrpc.getReadEventsMethod(),
              ReadEventsRequest.newBuilder()
                  .setSessionId(turn.getSessionId())
                  .setAfterSeq(after)
                  .setPageSize((int) Math.min(PAGE_EVENTS, turn.getLastSeq() - after))
                  .build(),
              Rpc.Repeat.SAFE);
      long reached = after;
      for (Event event : page.getEventsList()) {
        reached = Math.max(reached, event.getSeq());
        if (event.hasOutput() && event.getSeq() <= turn.getLastSeq()) {
          add(event.getOutput().getOffset(), event.getOutput().getData());
        }
      }
      for (Gap gap : page.getGapsList()) {
        reached = Math.max(reached, gap.getToSeq());
      }
      if (reached == after) {
        throw CleatException.violation(
            "no events after " + after + ", though there are " + turn.getLastSeq());
      }
      after = reached;
    }
  }

  private void add(long offset, ByteString data) {
    long from = Math.max(0, turn.getOutputStartOffset() - offset);
    long to = Math.min(data.size(), turn.getOutputEndOffset() - offset);
    if (from >= to) {
      return;
    }
    ByteString part = data.substring((int) from, (int) to);
    kept.add(part);
    keptBytes += part.size();
    while (!kept.isEmpty() && keptBytes - kept.getFirst().size() >= maxBytes) {
      keptBytes -= kept.removeFirst().size();
    }
  }

  private ByteString bytes() {
    ByteString all = ByteString.copyFrom(kept);
    if (all.size() > maxBytes) {
      all = all.substring(all.size() - maxBytes);
      keptBytes = maxBytes;
    }
    return all;
  }
}
