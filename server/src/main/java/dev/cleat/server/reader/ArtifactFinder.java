package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the paths of media files in a session's output, in whatever pieces it comes: words and
 * quoted texts that end with one of the extensions of {@link MediaType}, whatever colours are
 * switched in them, and links to files (OSC 8). That a path was found says nothing about a file.
 *
 * <p>Every byte of output passes here. Bytes that are neither a dot nor an escape are skipped eight
 * at a time; of the text, the last {@link #LONGEST_PATH} to twice as many bytes are kept. A path
 * longer than that is not found.
 *
 * <p>Not safe for use by several threads; each reader of a session has its own.
 */
public final class ArtifactFinder {
  /** The longest path, in bytes. */
  public static final int LONGEST_PATH = 1024;

  private static final byte BEL = 0x07;
  private static final byte CAN = 0x18;
  private static final byte SUB = 0x1A;
  private static final byte ESC = 0x1B;

  /** Told of what is found. */
  public interface Sink {
    /**
     * A path was named.
     *
     * @param readings what it may be, the likeliest first: absolute, relative, or beginning with
     *     {@code ~/}; never empty
     * @param end the offset of the first byte of output behind it
     */
    void named(List<String> readings, long end);
  }

  private enum State {
    TEXT,
    /** After ESC. */
    ESCAPE,
    /** After ESC and an intermediate byte: one byte more. */
    CHARSET,
    CONTROL_SEQUENCE,
    /** In an operating system command, which may be a link. */
    COMMAND,
    /** In it, after ESC. */
    COMMAND_ESCAPE,
    /** In a string that means nothing here. */
    STRING
  }

  /** No dot has been seen, or what followed it is no extension. */
  private static final int NO_EXTENSION = -1;

  private State state = State.TEXT;
  private byte[] text = new byte[0];
  private int textLength;
  private byte[] command = new byte[0];
  private int commandLength;
  private long expected = -1;

  /** How many letters have followed the last dot. */
  private int letters = NO_EXTENSION;

  private long extension;

  /** Whether an extension was whole before the last dot: the dot may be the end of a sentence. */
  private boolean wholeBeforeDot;

  private long endBeforeDot;

  /** The offset behind the last byte of the extension. */
  private long end;

  /**
   * Looks at the next bytes of output.
   *
   * @param offset the offset of the first of them in the session's output; if it does not follow
   *     the bytes seen last, those are forgotten
   * @param sink called for each path whose end is seen in these bytes, in order, on the calling
   *     thread
   */
  public void feed(long offset, byte[] bytes, int from, int count, Sink sink) {
    if (offset != expected) {
      forget();
    }
    expected = offset + count;
    final int stop = from + count;
    int at = from;
    while (at < stop) {
      if (state != State.TEXT) {
        escape(bytes[at], offset + (at - from), sink);
        at++;
      } else if (letters == NO_EXTENSION) {
        final int next = Escapes.nextOr((byte) '.', bytes, at, stop);
        keep(bytes, at, next - at);
        at = next;
        if (at < stop) {
          text(bytes[at], offset + (at - from), sink);
          at++;
        }
      } else {
        text(bytes[at], offset + (at - from), sink);
        at++;
      }
    }
  }

  /**
   * Looks at a text that is no output, and not the continuation of anything.
   *
   * @param sink gets offsets that mean nothing
   */
  public void read(String whole, Sink sink) {
    final byte[] bytes = whole.getBytes(UTF_8);
    forget();
    feed(0, bytes, 0, bytes.length, sink);
    flush(sink);
    forget();
  }

  /**
   * A mark ends where the next bytes begin: what was begun of an escape sequence was its beginning,
   * and no path goes on across it.
   */
  public void mark(Sink sink) {
    state = State.TEXT;
    expected = -1;
    flush(sink);
    forget();
  }

  /** Nothing has come for a while: a path at the end of what has is whole. */
  public void flush(Sink sink) {
    border((char) 0, sink);
  }

  private void forget() {
    state = State.TEXT;
    textLength = 0;
    letters = NO_EXTENSION;
    wholeBeforeDot = false;
  }

  private void keep(byte[] bytes, int from, int count) {
    if (count >= LONGEST_PATH) {
      room(LONGEST_PATH);
      System.arraycopy(bytes, from + count - LONGEST_PATH, text, 0, LONGEST_PATH);
      textLength = LONGEST_PATH;
    } else {
      room(count);
      System.arraycopy(bytes, from, text, textLength, count);
      textLength += count;
    }
  }

  private void keep(byte b) {
    room(1);
    text[textLength] = b;
    textLength++;
  }

  private void room(int count) {
    if (text.length == 0) {
      text = new byte[2 * LONGEST_PATH];
    }
    if (textLength + count > text.length) {
      System.arraycopy(text, textLength - LONGEST_PATH, text, 0, LONGEST_PATH);
      textLength = LONGEST_PATH;
    }
  }

  private void text(byte b, long at, Sink sink) {
    if (b == ESC) {
      state = State.ESCAPE;
    } else if (b == '.') {
      if (letters == 0) {
        border('.', sink);
      }
      wholeBeforeDot = letters > 0 && MediaType.isExtension(extension);
      endBeforeDot = end;
      keep(b);
      letters = 0;
      extension = 0;
      end = at + 1;
    } else if (isLetter(b)) {
      wholeBeforeDot = false;
      keep(b);
      letters = letters < MediaType.LONGEST_EXTENSION ? letters + 1 : NO_EXTENSION;
      extension = extension << 8 | lower(b);
      end = at + 1;
    } else {
      border((char) (b & 0xFF), sink);
      keep(b);
    }
  }

  private static boolean isLetter(byte b) {
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
  }

  /** What was begun behind a dot is over. */
  private void border(char next, Sink sink) {
    final boolean longer = next == '-' || next == '_' || next == '/' || next == '~';
    if (letters > 0 && MediaType.isExtension(extension) && !longer) {
      found(textLength, end, next, sink);
    } else if (letters == 0 && wholeBeforeDot) {
      found(textLength - 1, endBeforeDot, '.', sink);
    }
    letters = NO_EXTENSION;
    wholeBeforeDot = false;
  }

  private void found(int length, long foundEnd, char next, Sink sink) {
    int start = length;
    final int first = Math.max(0, length - LONGEST_PATH);
    while (start > first && (text[start - 1] < 0 || text[start - 1] >= ' ')) {
      start--;
    }
    final List<String> readings =
        PathReadings.of(new String(text, start, length - start, UTF_8), next);
    if (!readings.isEmpty()) {
      sink.named(readings, foundEnd);
    }
  }

  private void escape(byte b, long at, Sink sink) {
    if (b == CAN || b == SUB) {
      interrupted(sink);
      return;
    }
    if (b == ESC) {
      state = state == State.COMMAND ? State.COMMAND_ESCAPE : State.ESCAPE;
      return;
    }
    switch (state) {
      case ESCAPE -> begin(b, sink);
      case CHARSET -> state = State.TEXT;
      case CONTROL_SEQUENCE -> {
        if (b == 'm' || b == 'K') {
          // Colours, and erasing to the end of the line, which comes with them.
          state = State.TEXT;
        } else if (b >= 0x40) {
          interrupted(sink);
        }
      }
      case COMMAND -> {
        if (b == BEL) {
          command(at + 1, sink);
        } else {
          keepCommand(b);
        }
      }
      case COMMAND_ESCAPE -> {
        if (b == '\\') {
          command(at + 1, sink);
        } else {
          begin(b, sink);
        }
      }
      case STRING, TEXT -> {}
    }
  }

  private void begin(byte b, Sink sink) {
    switch (b) {
      case '[' -> state = State.CONTROL_SEQUENCE;
      case ']' -> {
        state = State.COMMAND;
        commandLength = 0;
      }
      case 'P', 'X', '^', '_' -> state = State.STRING;
      case '(', ')', '*', '+' -> state = State.CHARSET;
      default -> interrupted(sink);
    }
  }

  /** The cursor goes elsewhere, or something else that no path goes on across. */
  private void interrupted(Sink sink) {
    state = State.TEXT;
    border((char) 0, sink);
    keep((byte) '\n');
  }

  private void keepCommand(byte b) {
    // Only links are of interest, and of those their target.
    final boolean link = commandLength > 1 || b == (commandLength == 0 ? '8' : ';');
    if (!link || commandLength > 2 * LONGEST_PATH) {
      commandLength = Integer.MAX_VALUE;
      return;
    }
    if (commandLength == command.length) {
      command = Arrays.copyOf(command, Math.max(128, 2 * commandLength));
    }
    command[commandLength] = b;
    commandLength++;
  }

  private void command(long commandEnd, Sink sink) {
    interrupted(sink);
    if (commandLength < 2 || commandLength == Integer.MAX_VALUE) {
      return;
    }
    final String link = new String(command, 0, commandLength, UTF_8);
    final @Nullable String path = PathReadings.ofUri(link.substring(link.indexOf(';', 2) + 1));
    if (path != null && MediaType.isNamedLikeMedia(path)) {
      sink.named(List.of(path), commandEnd);
    }
  }

  /** The readings of a text that as a whole is a path or a file's URI; empty if it is none. */
  public static List<String> readings(String whole) {
    final Set<String> readings = new LinkedHashSet<>();
    if (whole.length() <= LONGEST_PATH && MediaType.isNamedLikeMedia(whole)) {
      PathReadings.add(readings, whole);
    }
    return List.copyOf(readings);
  }
}
