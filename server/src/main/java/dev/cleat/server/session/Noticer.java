package dev.cleat.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.reader.ArtifactFinder;
import dev.cleat.server.reader.Mark;
import dev.cleat.server.reader.ToolCallPaths;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Event;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices the media files that a run of a session's process names, and what is under way in its git
 * repository. It sees what the {@link Tracker} sees, on the tracker's thread, and never waits
 * there: files are looked at on other threads, one look of a session at a time.
 */
final class Noticer implements Tracker.Onlooker {
  private static final Logger LOG = LoggerFactory.getLogger(Noticer.class);

  /** After this long without output, a path at its end is whole. */
  private static final Duration QUIET = Duration.ofMillis(200);

  private static final Duration GIT_QUIET = Duration.ofSeconds(1);
  private static final Duration GIT_PACE = Duration.ofSeconds(2);
  private static final Duration LAST_PATIENCE = Duration.ofSeconds(2);

  private final String sessionId;
  private final Artifacts artifacts;
  private final GitWatch git;
  private final Path workdir;
  private final Executor lookers;

  // Of the tracker's thread.
  private final Breather breather = new Breather();
  private final ArtifactFinder output = new ArtifactFinder();
  private final ArtifactFinder said = new ArtifactFinder();
  private final ArtifactFinder texts = new ArtifactFinder();
  private final Rewind outputRewind = new Rewind(ArtifactFinder.LONGEST_PATH);
  private final Rewind saidRewind = new Rewind(ArtifactFinder.LONGEST_PATH);
  private long saidBytes;
  private long saidSeq;
  private Instant saidTime = Instant.EPOCH;
  private long seenSeq;
  private long outputSeq;
  private Instant outputTime = Instant.EPOCH;
  private boolean unflushed;
  private String turnId = "";

  // Guarded by this object.
  private final PendingPaths paths = new PendingPaths();
  private Path directory;
  private boolean ended;
  private @Nullable Instant gitDue = Instant.EPOCH;
  private Instant gitLooked = Instant.EPOCH;
  private boolean looking;
  private long lookingFrom = Long.MAX_VALUE;
  private long takenSeq;
  private @Nullable Tracker tracker;

  /**
   * A noticer of what comes behind an event.
   *
   * @param afterSeq the number of that event
   */
  Noticer(
      String sessionId,
      Artifacts artifacts,
      GitWatch git,
      Path workdir,
      Executor lookers,
      long afterSeq) {
    this.seenSeq = afterSeq;
    this.takenSeq = afterSeq;
    this.sessionId = sessionId;
    this.artifacts = artifacts;
    this.git = git;
    this.workdir = workdir;
    this.directory = workdir;
    this.lookers = lookers;
  }

  /** The tracker that it looks on with. */
  synchronized void follows(Tracker one) {
    tracker = one;
  }

  /**
   * It begins in the middle.
   *
   * @param shell where the shell is; empty where that is not known
   * @param turn the turn under way; empty when none is
   */
  void begin(String shell, String turn) {
    moved(shell);
    turnId = turn;
  }

  /** The files that events up to this one name have been looked at. */
  synchronized long noticedSeq() {
    return Math.min(takenSeq, Math.min(paths.oldest(), lookingFrom) - 1);
  }

  @Override
  public void printed(byte[] bytes, int from, int count, Evidence first) {
    outputRewind.fed(first.seq(), first.offset());
    output.feed(
        first.offset(),
        bytes,
        from,
        count,
        (readings, end) -> {
          named(readings, end > first.offset() ? first.seq() : outputSeq, first.time());
          breather.step();
        });
    outputSeq = first.seq();
    outputTime = first.time();
    unflushed = true;
    seenSeq = first.seq();
  }

  private synchronized void named(List<String> readings, long seq, Instant time) {
    paths.add(new Artifacts.Named(readings, directory, seq, time, turnId), time);
  }

  @Override
  public void mark(Mark mark) {
    output.mark((readings, end) -> named(readings, outputSeq, outputTime));
    outputRewind.whole();
    if (mark instanceof Mark.Directory moved) {
      moved(moved.path());
    }
  }

  private synchronized void moved(String path) {
    try {
      final Path now = Path.of(path);
      if (now.isAbsolute()) {
        directory = now;
      }
    } catch (InvalidPathException e) {
      LOG.debug("Session {}: its shell is at no path", sessionId, e);
    }
  }

  @Override
  public void event(int kind, long seq, byte[] array, int offset, int length) {
    seenSeq = seq;
    switch (kind) {
      case Event.TURN_CHANGED_FIELD_NUMBER,
          Event.COMMAND_ENDED_FIELD_NUMBER,
          Event.AGENT_TEXT_FIELD_NUMBER,
          Event.TOOL_CALL_FIELD_NUMBER,
          Event.TOOL_RESULT_FIELD_NUMBER -> {
        try {
          event(seq, Event.parser().parseFrom(array, offset, length));
        } catch (InvalidProtocolBufferException e) {
          throw new UncheckedIOException(e);
        }
      }
      default -> {}
    }
  }

  private void event(long seq, Event event) {
    final Instant time = Times.instant(event.getTime());
    switch (event.getKindCase()) {
      case TURN_CHANGED -> turn(event.getTurnChanged().getTurn(), seq, time);
      case COMMAND_ENDED -> ended(time);
      case AGENT_TEXT -> said(event.getAgentText().getText(), seq, time);
      case TOOL_CALL ->
          ToolCallPaths.find(event.getToolCall(), texts, readings -> named(readings, seq, time));
      case TOOL_RESULT -> {
        texts.read(event.getToolResult().getText(), (readings, end) -> named(readings, seq, time));
        changed(time);
      }
      default -> {}
    }
  }

  private void turn(Turn turn, long seq, Instant time) {
    if (Fold.ended(turn.getState())) {
      said.flush((readings, end) -> named(readings, seq, time));
      saidRewind.whole();
      ended(time);
      if (turn.getId().equals(turnId)) {
        turnId = "";
      }
    } else if (turn.getState() == TurnState.TURN_STATE_SUBMITTED
        || turn.getState() == TurnState.TURN_STATE_RUNNING) {
      turnId = turn.getId();
    }
  }

  private void said(String text, long seq, Instant time) {
    final byte[] bytes = text.getBytes(UTF_8);
    final long begin = saidBytes;
    saidRewind.fed(seq, begin);
    said.feed(
        begin,
        bytes,
        0,
        bytes.length,
        (readings, end) -> named(readings, end > begin ? seq : saidSeq, time));
    saidBytes += bytes.length;
    saidSeq = seq;
    saidTime = time;
  }

  private synchronized void ended(Instant time) {
    paths.ended(time);
    ended = true;
    gitDue = time;
  }

  /** Something was done that may have changed the repository. */
  private synchronized void changed(Instant time) {
    gitDue = time;
  }

  @Override
  public @Nullable Instant tick(Instant now) {
    @Nullable Instant next = null;
    if (unflushed) {
      final Instant quiet = outputTime.plus(QUIET);
      if (now.isBefore(quiet)) {
        next = quiet;
      } else {
        unflushed = false;
        output.flush((readings, end) -> named(readings, outputSeq, outputTime));
        outputRewind.whole();
        printed();
      }
    }
    taken(Math.min(outputRewind.before(seenSeq), saidRewind.before(seenSeq)));
    return earlier(next, look(now));
  }

  private synchronized void taken(long seq) {
    takenSeq = Math.max(takenSeq, seq);
  }

  private synchronized void printed() {
    if (gitDue == null) {
      gitDue = outputTime.plus(GIT_QUIET);
    }
  }

  private static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
    return a == null || (b != null && b.isBefore(a)) ? b : a;
  }

  /** Begins a look if one is due; when the next is. */
  private synchronized @Nullable Instant look(Instant now) {
    if (looking) {
      // Its end wakes the tracker.
      return null;
    }
    final long oldest = paths.oldest();
    final List<Artifacts.Named> due = paths.due(now);
    final boolean gone = ended;
    final Instant gitNext = gitNext();
    final boolean lookAtGit = gitNext != null && !now.isBefore(gitNext);
    if (due.isEmpty() && !gone && !lookAtGit) {
      return earlier(paths.next(), gitNext);
    }
    ended = false;
    if (lookAtGit) {
      gitDue = null;
      gitLooked = now;
    }
    looking = true;
    lookingFrom = oldest;
    final Path here = directory;
    try {
      lookers.execute(LogFields.carried(() -> look(due, here, gone, lookAtGit, now)));
    } catch (RejectedExecutionException e) {
      // The server is shutting down.
      looking = false;
    }
    return null;
  }

  private synchronized @Nullable Instant gitNext() {
    final Instant earliest = gitLooked.plus(GIT_PACE);
    return gitDue == null ? null : gitDue.isBefore(earliest) ? earliest : gitDue;
  }

  private void look(
      List<Artifacts.Named> due, Path here, boolean gone, boolean lookAtGit, Instant now) {
    try {
      final List<Artifacts.Named> unwritten = artifacts.look(due, here);
      if (gone) {
        artifacts.removeGone();
      }
      again(unwritten, !lookAtGit || git.look(here, workdir), now);
    } catch (RuntimeException e) {
      LOG.warn("Session {}: its files could not be looked at", sessionId, e);
    } finally {
      looked();
    }
  }

  private synchronized void again(
      List<Artifacts.Named> unwritten, boolean gitWritten, Instant now) {
    unwritten.forEach(path -> paths.add(path, now));
    if (!gitWritten) {
      gitDue = now;
    }
  }

  private synchronized void looked() {
    looking = false;
    lookingFrom = Long.MAX_VALUE;
    notifyAll();
    if (tracker != null) {
      tracker.wake();
    }
  }

  private void lookAtAll() {
    final List<Artifacts.Named> all;
    final Path here;
    synchronized (this) {
      all = paths.all();
      here = directory;
    }
    final List<Artifacts.Named> unwritten = artifacts.look(all, here);
    artifacts.removeGone();
    if (!unwritten.isEmpty()) {
      LOG.debug("Session {}: {} files are not written down yet", sessionId, unwritten.size());
    }
  }

  /** Waits for the end of a look that is under way, if that does not take too long. */
  private synchronized void awaitLook(long deadline) throws InterruptedException {
    for (long left = millis(deadline); looking && left > 0; left = millis(deadline)) {
      wait(left);
    }
  }

  private static long millis(long deadline) {
    return (deadline - System.nanoTime()) / 1_000_000;
  }

  /** Waits until what has been printed so far has been looked at, if that does not take long. */
  void settle(Duration patience) {
    final @Nullable Tracker following;
    synchronized (this) {
      following = tracker;
    }
    final long deadline = System.nanoTime() + patience.toNanos();
    try {
      if (following != null) {
        following.awaitTold(patience);
      }
      awaitLook(deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    final boolean _ =
        artifacts.await(this::lookAtAll, Duration.ofMillis(Math.max(0, millis(deadline))));
  }

  private void flush() {
    output.flush((readings, end) -> named(readings, outputSeq, outputTime));
    said.flush((readings, end) -> named(readings, saidSeq, saidTime));
  }

  /** What a server that went down may not have looked at has been seen: looks at it now. */
  void lookBack() {
    flush();
    final boolean nothing;
    synchronized (this) {
      nothing = paths.all().isEmpty();
    }
    if (!nothing) {
      final boolean _ = artifacts.await(this::lookAtAll, LAST_PATIENCE);
    }
  }

  /** The tracker has ended, and with it the process: one last look at everything. */
  void finish() {
    flush();
    final Path here;
    synchronized (this) {
      here = directory;
      tracker = null;
    }
    final long deadline = System.nanoTime() + LAST_PATIENCE.toNanos();
    try {
      awaitLook(deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    final boolean _ =
        artifacts.await(
            () -> {
              lookAtAll();
              final boolean _ = git.look(here, workdir);
            },
            Duration.ofMillis(Math.max(0, millis(deadline))));
  }
}
