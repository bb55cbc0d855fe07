package dev.cleat.server.reader;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the {@link Mark}s in a session's output, in whatever pieces it comes.
 *
 * <p>Every byte of output passes here: bytes outside of marks are skipped eight at a time and
 * nothing is allocated for them. Memory is bounded by {@link #MAX_PAYLOAD}; a longer sequence is
 * ignored up to its end. As in a terminal, BEL and ST end a sequence, and CAN, SUB and any other
 * ESC abort it. The C1 bytes 0x80–0x9F are no controls here: in UTF-8 output they are parts of
 * characters.
 *
 * <p>Not safe for use by several threads; each reader of a session has its own.
 */
public final class MarkParser {
  /** Longest payload of a mark, in bytes, between {@code ESC ]} and its terminator. */
  public static final int MAX_PAYLOAD = 4096;

  private static final byte BEL = 0x07;
  private static final byte CAN = 0x18;
  private static final byte SUB = 0x1A;
  private static final byte ESC = 0x1B;

  private enum State {
    TEXT,
    /** After ESC. */
    ESCAPE,
    /** In a mark's payload. */
    PAYLOAD,
    /** In a mark's payload, after ESC. */
    PAYLOAD_ESCAPE
  }

  private State state = State.TEXT;
  private byte[] payload = new byte[128];

  /** Bytes seen of the payload; those beyond {@link #MAX_PAYLOAD} are not kept. */
  private int length;

  /** Offset of the ESC that the current sequence began with. */
  private long start;

  /** Offset of the byte that is expected next; -1 before the first. */
  private long expected = -1;

  /**
   * Looks at the next bytes of output.
   *
   * @param offset the offset of the first of them in the session's output. If it does not follow
   *     the bytes seen last, a sequence that was begun there is forgotten.
   * @param sink called for each mark that ends in these bytes, in order, on the calling thread
   */
  public void feed(long offset, byte[] bytes, int from, int count, Consumer<? super Mark> sink) {
    if (offset != expected) {
      state = State.TEXT;
    }
    expected = offset + count;
    int end = from + count;
    int at = from;
    while (at < end) {
      if (state == State.TEXT) {
        at = Escapes.next(bytes, at, end);
        if (at == end) {
          return;
        }
        begin(offset + (at - from));
      } else {
        step(bytes[at], offset + (at - from), sink);
      }
      at++;
    }
  }

  private void begin(long at) {
    state = State.ESCAPE;
    start = at;
  }

  private void step(byte b, long at, Consumer<? super Mark> sink) {
    switch (state) {
      case TEXT -> {
        if (b == ESC) {
          begin(at);
        }
      }
      case ESCAPE -> afterEscape(b, at);
      case PAYLOAD -> inPayload(b, at, sink);
      case PAYLOAD_ESCAPE -> {
        if (b == '\\') {
          finish(at + 1, sink);
        } else {
          start = at - 1;
          afterEscape(b, at);
        }
      }
    }
  }

  private void afterEscape(byte b, long at) {
    if (b == ']') {
      state = State.PAYLOAD;
      length = 0;
    } else if (b == ESC) {
      begin(at);
    } else {
      state = State.TEXT;
    }
  }

  private void inPayload(byte b, long at, Consumer<? super Mark> sink) {
    switch (b) {
      case BEL -> finish(at + 1, sink);
      case ESC -> state = State.PAYLOAD_ESCAPE;
      case CAN, SUB -> state = State.TEXT;
      default -> keep(b);
    }
  }

  private void keep(byte b) {
    if (length < MAX_PAYLOAD) {
      if (length == payload.length) {
        payload = Arrays.copyOf(payload, Math.min(2 * length, MAX_PAYLOAD));
      }
      payload[length] = b;
      length++;
    } else {
      length = MAX_PAYLOAD + 1;
    }
  }

  private void finish(long end, Consumer<? super Mark> sink) {
    state = State.TEXT;
    if (length > MAX_PAYLOAD) {
      return;
    }
    @Nullable Mark mark = MarkPayload.parse(payload, length, start, end);
    if (mark != null) {
      sink.accept(mark);
    }
  }
}
