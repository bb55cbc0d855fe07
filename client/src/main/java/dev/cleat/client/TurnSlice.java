package dev.cleat.client;

import com.google.protobuf.ByteString;
import java.util.function.Consumer;

/**
 * Cuts a turn's output out of a session's while it comes. Where the turn ends is only known a
 * moment after the shell has printed its end mark and its prompt; so what follows such a mark (OSC
 * 133;D) is held back until the server has said what it was. Confined to one thread.
 */
final class TurnSlice {
  private static final ByteString END_MARK = ByteString.copyFromUtf8("\033]133;D");

  /** A mark that the server says nothing about for so long was not the shell's. */
  private static final int HELD_BYTES = 64 << 10;

  private final long start;
  private final Consumer<byte[]> target;
  private ByteString held = ByteString.EMPTY;
  private long heldOffset;

  TurnSlice(long start, Consumer<byte[]> target) {
    this.start = start;
    this.target = target;
    this.heldOffset = start;
  }

  /** The session printed this. */
  void output(long offset, ByteString data) {
    long from = Math.max(0, start - offset);
    if (from >= data.size()) {
      return;
    }
    if (offset + from != heldOffset + held.size()) {
      goOn(heldOffset + held.size()); // nobody will say what followed it
      heldOffset = offset + from;
    }
    held = held.concat(data.substring((int) from));
    release();
    while (held.size() > HELD_BYTES) {
      goOn(heldOffset + 1);
    }
  }

  /** At this offset the turn went on: marks before it did not end it. */
  void goOn(long offset) {
    emit((int) Math.max(0, Math.min(held.size(), offset - heldOffset)));
    release();
  }

  /** The turn ended at this offset. */
  void end(long end) {
    emit((int) Math.max(0, Math.min(held.size(), end - heldOffset)));
    held = ByteString.EMPTY;
  }

  /** Emits what is before a mark, or before what may become one. */
  private void release() {
    int mark = 0;
    while (mark < held.size() && !mayBeMark(mark)) {
      mark++;
    }
    emit(mark);
  }

  private boolean mayBeMark(int at) {
    if (held.byteAt(at) != END_MARK.byteAt(0)) {
      return false;
    }
    int length = Math.min(END_MARK.size(), held.size() - at);
    return held.substring(at, at + length).equals(END_MARK.substring(0, length));
  }

  private void emit(int bytes) {
    if (bytes > 0) {
      byte[] part = held.substring(0, bytes).toByteArray();
      held = held.substring(bytes);
      heldOffset += bytes;
      target.accept(part);
    }
  }
}
