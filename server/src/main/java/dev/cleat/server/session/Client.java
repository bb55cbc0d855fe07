package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.InputRange;
import dev.cleat.v1.TerminalSize;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One attached client. It reads through a cursor of its own and types through this.
 *
 * <p>{@link #input} and {@link #resize} are called by one thread at a time, the one that its
 * stream's messages come on.
 */
public final class Client implements AutoCloseable {

  /** Hears what concerns a client's input. Called with locks held: it may only ring bells. */
  public interface Listener {
    /**
     * All input up to this number was handed to the terminal, or thrown away since the call before
     * this one.
     */
    void acked(long inputSeq, boolean discarded);

    /** Another stream has taken this writer's id: this one is to end, if it might still type. */
    void replaced();

    /** There is room for more input. */
    void room();

    /** The session is over; its last event is in the journal. */
    void over();
  }

  private final Session session;
  private final InputGate gate;
  private final boolean readOnly;
  private final String writerId;
  private final Listener listener;
  private final WriterStanding standing;
  private volatile @Nullable TerminalSize size;

  /** Its size is not the terminal's yet. */
  private volatile boolean sizing;

  Client(
      Session session,
      InputGate gate,
      boolean readOnly,
      String writerId,
      @Nullable TerminalSize size,
      Listener listener) {
    this.session = session;
    this.gate = gate;
    this.readOnly = readOnly;
    // Without an id of its own, a stream is a writer that nobody can come back as.
    this.writerId = writerId.isEmpty() ? "stream-" + UUID.randomUUID() : writerId;
    this.size = readOnly ? null : size;
    this.listener = listener;
    this.standing =
        readOnly ? new WriterStanding(false, 0, List.of()) : gate.attach(this.writerId, listener);
  }

  /** The next number that its input must have; 0 for a watcher. */
  public long nextInput() {
    return standing.next();
  }

  /** Which numbers below that were thrown away, and not typed. */
  public List<InputRange> discardedInput() {
    return standing.discarded();
  }

  /** Whether it has typed before, or could have, in this run of the server. */
  public boolean isKnownWriter() {
    return standing.known();
  }

  /** The size of its window, or null if it has none or is a watcher. */
  @Nullable TerminalSize size() {
    return size;
  }

  boolean readOnly() {
    return readOnly;
  }

  /**
   * Types. Never blocks.
   *
   * @return false when the next input should wait for {@link Listener#room}
   * @throws Refusal INPUT_HOLE, READ_ONLY
   */
  public boolean input(long inputSeq, ByteString data) {
    refuseWatcher("type");
    session.refuseTyping();
    if (size != null && !session.isLatest(this)) {
      active();
    }
    final boolean room = gate.input(writerId, inputSeq, data, (_, _) -> {});
    return room && !sizing;
  }

  /** What comes behind a change of size waits until the terminal has it. */
  private void active() {
    sizing = true;
    final boolean done =
        session.activeBy(
            this,
            () -> {
              sizing = false;
              listener.room();
            });
    if (done) {
      sizing = false;
    }
  }

  /** How long it should wait with more when it has typed so much, in nanoseconds; mostly 0. */
  public long typed(long bytes) {
    return session.typed(bytes);
  }

  /** Whether the next input need not wait. */
  public boolean hasRoom() {
    return !sizing && gate.hasRoom();
  }

  /**
   * The client's window has this size now. Never blocks.
   *
   * @return false when the next input should wait for {@link Listener#room}
   * @throws Refusal READ_ONLY
   */
  public boolean resize(TerminalSize newSize) {
    refuseWatcher("resize");
    size = newSize;
    active();
    return !sizing;
  }

  private void refuseWatcher(String verb) {
    if (readOnly) {
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_READ_ONLY,
              "a read-only client cannot " + verb + "; attach without read_only")
          .with("session_id", session.id());
    }
  }

  /**
   * It watches from now on: its side of the stream is closed. What it has typed may still wait, and
   * is acknowledged to it, unless another stream takes its writer's id.
   */
  public void becomeWatcher() {
    size = null;
    final boolean _ = session.sizesChanged(() -> {});
  }

  void sessionOver() {
    listener.over();
  }

  /** It has gone. */
  @Override
  public void close() {
    if (!readOnly) {
      gate.detach(writerId, listener);
    }
    session.detach(this);
  }
}
