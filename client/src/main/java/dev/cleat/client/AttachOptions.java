package dev.cleat.client;

import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.OutputEncoding;
import dev.cleat.v1.Start;
import dev.cleat.v1.StartEarliest;
import dev.cleat.v1.StartLatest;
import dev.cleat.v1.StartScreen;
import dev.cleat.v1.TerminalSize;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How to attach: where to start, what to see, whether to type. By default everything there is, then
 * live, in bytes, with the right to type. Immutable: each method returns a changed copy.
 */
public final class AttachOptions {

  /** How output comes. */
  public enum Encoding {
    /** As printed. */
    BYTES(OutputEncoding.OUTPUT_ENCODING_BYTES),
    /** UTF-8 text; a character is never split. */
    TEXT(OutputEncoding.OUTPUT_ENCODING_TEXT),
    /** Text without escape sequences and control characters other than newline and tab. */
    PLAIN(OutputEncoding.OUTPUT_ENCODING_PLAIN);

    private final OutputEncoding raw;

    Encoding(OutputEncoding raw) {
      this.raw = raw;
    }
  }

  private static final AttachOptions DEFAULTS =
      new AttachOptions(
          AttachOpen.newBuilder().setHeartbeatInterval(Times.of(Duration.ofSeconds(10))).build(),
          4 << 20,
          null);

  private final AttachOpen open;
  private final int inputBufferBytes;
  private final @Nullable Executor executor;

  private AttachOptions(AttachOpen open, int inputBufferBytes, @Nullable Executor executor) {
    this.open = open;
    this.inputBufferBytes = inputBufferBytes;
    this.executor = executor;
  }

  /** Everything there is, trimmed events said as a gap; then live. */
  public static AttachOptions fromBeginning() {
    return after(Position.BEGINNING);
  }

  /** From the oldest event that is still there; then live. */
  public static AttachOptions fromOldest() {
    return DEFAULTS.start(Start.newBuilder().setEarliest(StartEarliest.getDefaultInstance()));
  }

  /** Only what is new. */
  public static AttachOptions fromNow() {
    return DEFAULTS.start(Start.newBuilder().setLatest(StartLatest.getDefaultInstance()));
  }

  /**
   * What the terminal shows, then what changes it: {@link AttachListener#onScreen} comes first.
   * Only for sessions with a terminal; others end the attachment with reason {@code NO_SCREEN}.
   */
  public static AttachOptions fromScreen() {
    return DEFAULTS.start(Start.newBuilder().setScreen(StartScreen.getDefaultInstance()));
  }

  /** {@link #fromScreen}, with {@link ScreenPicture#spans}. */
  public static AttachOptions fromScreenWithStyles() {
    return DEFAULTS.start(Start.newBuilder().setScreen(StartScreen.newBuilder().setStyles(true)));
  }

  /** The last so many events; then live. */
  public static AttachOptions fromLast(long events) {
    return DEFAULTS.start(Start.newBuilder().setLastEvents(events));
  }

  /** What comes after a place that was kept. */
  public static AttachOptions after(Position position) {
    return DEFAULTS.with(
        DEFAULTS.open.toBuilder().setEpoch(position.epoch()).setAfterSeq(position.seq()));
  }

  /** Only to watch: neither type nor resize. */
  public AttachOptions readOnly() {
    return with(open.toBuilder().setReadOnly(true).clearSize());
  }

  /**
   * The size of this client's window, 1 to 4,096 each; what becomes of it is up to the session's
   * resize policy.
   */
  public AttachOptions size(int rows, int columns) {
    return with(
        open.toBuilder().setSize(TerminalSize.newBuilder().setRows(rows).setColumns(columns)));
  }

  /** How output comes. */
  public AttachOptions encoding(Encoding encoding) {
    return with(open.toBuilder().setEncoding(encoding.raw));
  }

  /** Only output, none of the other events. */
  public AttachOptions outputOnly() {
    return kinds(List.of(EventKind.EVENT_KIND_OUTPUT));
  }

  /** Only events of these kinds; all when empty. */
  public AttachOptions kinds(List<EventKind> kinds) {
    return with(open.toBuilder().clearKinds().addAllKinds(kinds));
  }

  /** Fail with {@link CleatException.Code#OUT_OF_RANGE} instead of going on over a gap. */
  public AttachOptions failOnGap() {
    return with(open.toBuilder().setFailOnGap(true));
  }

  /** Stay attached when the process has ended, to see a restart. */
  public AttachOptions followRestarts() {
    return with(open.toBuilder().setFollowRestarts(true));
  }

  /**
   * How often the server shows a sign of life, 1 s to 1 h; 10 s by default. A connection that is
   * silent for two and a half times as long is taken for dead.
   */
  public AttachOptions heartbeat(Duration interval) {
    if (interval.compareTo(Duration.ofSeconds(1)) < 0
        || interval.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("the heartbeat interval is 1 s to 1 h: " + interval);
    }
    return with(open.toBuilder().setHeartbeatInterval(Times.of(interval)));
  }

  /**
   * How many bytes of unacknowledged input are kept, at least 1; 4 MiB by default. Full, {@link
   * Attachment#send} waits.
   */
  public AttachOptions inputBuffer(int bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("the input buffer holds at least a byte: " + bytes);
    }
    return new AttachOptions(open, bytes, executor);
  }

  /**
   * Runs the attachment's loop, which lasts as long as the attachment, instead of a daemon thread
   * of its own.
   */
  public AttachOptions executor(Executor executor) {
    return new AttachOptions(open, inputBufferBytes, executor);
  }

  /**
   * The request as it will be sent, but for session, position, writer and the size after a resize.
   */
  public AttachOpen raw() {
    return open;
  }

  int inputBufferBytes() {
    return inputBufferBytes;
  }

  @Nullable Executor executor() {
    return executor;
  }

  private AttachOptions start(Start.Builder start) {
    return with(open.toBuilder().clearEpoch().setStart(start));
  }

  private AttachOptions with(AttachOpen.Builder changed) {
    return new AttachOptions(changed.build(), inputBufferBytes, executor);
  }
}
