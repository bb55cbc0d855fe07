package dev.cleat.server.reader;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Finds the {@link Query Queries} in a session's output, in whatever pieces it comes.
 *
 * <p>Every byte of output passes here: bytes outside of escape sequences are skipped eight at a
 * time, and nothing is allocated but for what ends like a question. A sequence longer than {@link
 * #MAX_SEQUENCE} is none. What begins and ends a sequence is as in {@link MarkParser}; also,
 * control characters inside of a control sequence are no part of it.
 *
 * <p>Not safe for use by several threads; each reader of a session has its own.
 */
public final class QueryParser {
  /** Longest question, in bytes, without what introduces and ends it. */
  public static final int MAX_SEQUENCE = 256;

  private static final byte BEL = 0x07;
  private static final byte CAN = 0x18;
  private static final byte SUB = 0x1A;
  private static final byte ESC = 0x1B;

  private enum State {
    TEXT,
    /** After ESC. */
    ESCAPE,
    /** In a control sequence. */
    SEQUENCE,
    /** In an operating system command, a device control string or the like. */
    STRING,
    /** The same, after ESC. */
    STRING_ESCAPE
  }

  private final byte[] held = new byte[MAX_SEQUENCE];
  private State state = State.TEXT;

  /** Bytes seen of the sequence; those beyond {@link #MAX_SEQUENCE} are not kept. */
  private int length;

  /** What introduced the string. */
  private byte introducer;

  /** Offset of the byte that is expected next; -1 before the first. */
  private long expected = -1;

  /**
   * Looks at the next bytes of output.
   *
   * @param offset the offset of the first of them in the session's output. If it does not follow
   *     the bytes seen last, a sequence that was begun there is forgotten.
   * @param sink called for each question that ends in these bytes, in order, on the calling thread
   */
  public void feed(long offset, byte[] bytes, int from, int count, Consumer<? super Query> sink) {
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
        state = State.ESCAPE;
      } else {
        step(bytes[at], offset + (at - from) + 1, sink);
      }
      at++;
    }
  }

  private void step(byte b, long end, Consumer<? super Query> sink) {
    if (b == CAN || b == SUB) {
      state = State.TEXT;
      return;
    }
    switch (state) {
      case TEXT -> throw new IllegalStateException("text is skipped");
      case ESCAPE -> afterEscape(b, end, sink);
      case SEQUENCE -> inSequence(b, end, sink);
      case STRING -> {
        if (b == ESC) {
          state = State.STRING_ESCAPE;
        } else if (b == BEL && introducer == ']') {
          finishString(true, end, sink);
        } else {
          keep(b);
        }
      }
      case STRING_ESCAPE -> {
        if (b == '\\') {
          finishString(false, end, sink);
        } else {
          afterEscape(b, end, sink);
        }
      }
    }
  }

  private void afterEscape(byte b, long end, Consumer<? super Query> sink) {
    length = 0;
    switch (b) {
      case ESC -> state = State.ESCAPE;
      case '[' -> state = State.SEQUENCE;
      case ']', 'P', 'X', '^', '_' -> {
        state = State.STRING;
        introducer = b;
      }
      case 'Z' -> {
        state = State.TEXT;
        sink.accept(new Query.DeviceAttributes(Query.Attributes.PRIMARY, end));
      }
      default -> state = State.TEXT;
    }
  }

  private void inSequence(byte b, long end, Consumer<? super Query> sink) {
    if (b == ESC) {
      state = State.ESCAPE;
    } else if (b < 0) {
      state = State.TEXT;
    } else if (b >= 0x40 && b < 0x7F) {
      state = State.TEXT;
      if (length <= MAX_SEQUENCE) {
        QueryPayload.sequence(held, length, b, end, sink);
      }
    } else if (b >= 0x20 && b < 0x7F) {
      keep(b);
    }
  }

  private void keep(byte b) {
    if (length < MAX_SEQUENCE) {
      held[length] = b;
      length++;
    } else {
      length = MAX_SEQUENCE + 1;
    }
  }

  private void finishString(boolean bell, long end, Consumer<? super Query> sink) {
    state = State.TEXT;
    if (length > MAX_SEQUENCE) {
      return;
    }
    if (introducer == ']' && length > 0 && held[length - 1] == '?') {
      QueryPayload.command(Arrays.copyOf(held, length), bell, end, sink);
    } else if (introducer == 'P' && length > 1 && held[1] == 'q') {
      QueryPayload.control(Arrays.copyOf(held, length), end, sink);
    }
  }
}
