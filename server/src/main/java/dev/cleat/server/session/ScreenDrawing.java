package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.reader.EventBytes;
import dev.cleat.server.reader.TerminalScreen;
import dev.cleat.server.session.ScreenFollower.Drawn;
import dev.cleat.v1.Event;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StateChanged;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Draws the events of a session on a screen, one after the other: what its terminal printed, and
 * the sizes that it had. Each process of the session begins on an empty screen.
 *
 * <p>For one thread at a time, except {@link #wake}.
 */
final class ScreenDrawing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ScreenDrawing.class);

  /**
   * The largest screen that is drawn, in cells: 16 bytes each, and as much again on the alternate
   * screen.
   */
  static final int MOST_CELLS = 1 << 18;

  /**
   * So much text takes a few milliseconds, and who waits for the picture waits no longer. What
   * moves cells about all the time takes much longer, but only its own session waits for that.
   */
  private static final int BATCH_BYTES = 64 << 10;

  private final String sessionId;
  private final Supplier<TerminalSize> size;
  private final Cursor cursor;
  private final EventBytes event = new EventBytes();
  private final DrawingTurn turn = new DrawingTurn();
  private TerminalScreen screen;
  private long seq;
  private long outputOffset;
  private Instant time;
  private boolean incomplete;
  private boolean drawn = true;
  private boolean failed;
  private boolean restored;

  /**
   * What is kept of a picture, to go on from there.
   *
   * @param seq the newest event in it, 0 for none
   * @param outputOffset the offset of the first byte of output that is not in it
   * @param time when the newest event was appended
   * @param incomplete whether events that it rests on were missing
   * @param restore what draws it on an empty screen of this size
   */
  record Checkpoint(
      long seq,
      long outputOffset,
      Instant time,
      boolean incomplete,
      int rows,
      int columns,
      ByteString restore) {
    /** Before the first event, which says how large the screen is. */
    static final Checkpoint BEGINNING =
        new Checkpoint(0, 0, Instant.EPOCH, false, 24, 80, ByteString.EMPTY);
  }

  /**
   * The picture as it was at a checkpoint.
   *
   * @param size the size that the session's terminal has now, for when the event that said so is
   *     missing
   */
  ScreenDrawing(String sessionId, Journal journal, Supplier<TerminalSize> size, Checkpoint from) {
    this.sessionId = sessionId;
    this.size = size;
    this.screen = new TerminalScreen(from.rows(), from.columns(), this::pass);
    this.seq = from.seq();
    this.outputOffset = from.outputOffset();
    this.time = from.time();
    this.incomplete = from.incomplete();
    this.cursor = journal.cursorFrom(from.seq() + 1);
    final byte[] restore = from.restore().toByteArray();
    turn.draw(() -> screen.feed(restore, 0, restore.length));
    restored = true;
  }

  /**
   * Draws what comes next, if there is something.
   *
   * @return what came
   * @throws IOException when the journal cannot be read; nothing has changed
   */
  Step draw() throws IOException {
    final Step step = cursor.poll(BATCH_BYTES);
    switch (step) {
      case Batch batch -> {
        try {
          turn.draw(() -> batch.forEach(this::event));
        } catch (CancellationException e) {
          return cursor.poll(BATCH_BYTES);
        }
        seq = batch.lastSeq();
        time = Instant.ofEpochSecond(event.seconds(), event.nanos());
      }
      case Step.Gap gap -> {
        seq = gap.toSeq();
        incomplete = true;
        resize(size.get());
      }
      case Step.AtHead _, Step.Closed _ -> {}
    }
    return step;
  }

  private void event(long number, byte[] array, int offset, int length) {
    event.read(array, offset, length);
    try {
      switch (event.kind()) {
        case Event.OUTPUT_FIELD_NUMBER -> output();
        case Event.CREATED_FIELD_NUMBER -> {
          final TerminalSize first =
              parse(array, offset, length).getCreated().getSession().getSize();
          screen = new TerminalScreen(1, 1, this::pass);
          resize(first);
        }
        case Event.RESIZED_FIELD_NUMBER ->
            resize(parse(array, offset, length).getResized().getSize());
        case Event.STATE_CHANGED_FIELD_NUMBER ->
            state(parse(array, offset, length).getStateChanged());
        default -> {}
      }
    } catch (CancellationException e) {
      throw e;
    } catch (RuntimeException e) {
      incomplete = true;
      if (!failed) {
        failed = true;
        LOG.error("Session {}: event {} could not be drawn", sessionId, number, e);
      }
    }
  }

  /** Others have their turn. Of a journal that was closed meanwhile nothing more is drawn. */
  private void pass() {
    if (turn.isMine()) {
      turn.pass();
      if (restored && cursor.isClosed()) {
        throw new CancellationException("the journal is closed");
      }
    }
  }

  private void output() {
    outputOffset = event.outputOffset() + event.dataLength();
    if (!drawn) {
      incomplete = true;
    } else if (event.outputStream() == OutputStream.OUTPUT_STREAM_TERMINAL_VALUE) {
      screen.feed(event.array(), event.dataFrom(), event.dataLength());
    }
  }

  private void resize(TerminalSize to) {
    drawn = isDrawn(to);
    if (drawn) {
      screen.resize(to.getRows(), to.getColumns());
    }
  }

  /** Whether a screen of this size is drawn. */
  static boolean isDrawn(TerminalSize size) {
    return (long) size.getRows() * size.getColumns() <= MOST_CELLS;
  }

  private void state(StateChanged change) {
    // A process that goes on after a pause is RUNNING too, but has no new mode.
    if (change.getState() == SessionState.SESSION_STATE_RUNNING
        && change.getMode() != SessionMode.SESSION_MODE_UNSPECIFIED) {
      screen.reset();
      incomplete = false;
    }
  }

  private static Event parse(byte[] array, int offset, int length) {
    try {
      return Event.parser().parseFrom(array, offset, length);
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The newest event that is in the picture. */
  long seq() {
    return seq;
  }

  /** The picture. The screen is this object's own: good until the next {@link #draw}. */
  Drawn drawn() {
    return new Drawn(screen, seq, outputOffset, time, incomplete);
  }

  /** What to keep of it. */
  Checkpoint checkpoint() {
    return new Checkpoint(
        seq,
        outputOffset,
        time,
        incomplete || !drawn,
        screen.rows(),
        screen.columns(),
        screen.picture(false, true).getRestore());
  }

  /** Waits until there is more to draw, {@link #wake} is called, or the time is over. */
  void await(Duration longest) throws InterruptedException {
    cursor.await(longest);
  }

  /** Ends a wait. From any thread. */
  void wake() {
    cursor.wake();
  }

  /** It will not be gone on with for a while. */
  void rest() {
    cursor.release();
  }

  @Override
  public void close() {
    cursor.close();
  }
}
