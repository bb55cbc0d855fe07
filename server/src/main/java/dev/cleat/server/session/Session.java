package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalClosedException;
import dev.cleat.server.journal.JournalFullException;
import dev.cleat.server.reader.Mark;
import dev.cleat.server.terminal.Foreground;
import dev.cleat.server.terminal.Size;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.Exit;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.ResizePolicy;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session: its journal, the process that writes to it, the clients and the turns.
 *
 * <p>Thread-safe. One lock owns everything that changes; it is held over an append to the journal,
 * and over no other wait. The path of the output is {@link #printed}: take the lock, append, let
 * go. What reads the output reads the journal, on threads of its own.
 */
public final class Session {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final Duration TRACKER_PATIENCE = Duration.ofSeconds(30);
  private static final long RETRY_MILLIS = 200;

  private final ReentrantLock lock = new ReentrantLock();
  private final Shared shared;
  private final String id;
  private final Journal journal;
  private final Fold fold;
  private final Map<String, String> env;
  private final InputGate gate;
  private final Turns turns;
  private final Sizes sizes = new Sizes();
  private final OutputEntry outputEntry = new OutputEntry();
  private String aid = "";
  private @Nullable Run run;
  private @Nullable SessionChangeKind unsaidChange;
  private volatile boolean over;
  private volatile boolean outputUnsaved;
  private boolean abandoned;

  /**
   * A session without a process.
   *
   * @param fold all of the journal
   * @param env the variables that the caller set
   * @param aid what the marks of its shell carried before a restart; empty for a new session
   */
  Session(
      Shared shared, String id, Journal journal, Fold fold, Map<String, String> env, String aid) {
    this.shared = shared;
    this.id = id;
    this.journal = journal;
    this.fold = fold;
    this.env = Map.copyOf(env);
    this.aid = aid;
    this.gate = new InputGate(id, shared.settings().maxPendingInput());
    this.turns = new Turns(new TurnHost(), id, shared.settings().maxQueue());
    this.over = Fold.ended(fold.state());
  }

  /** The session's id. */
  public String id() {
    return id;
  }

  /** The session's events, for readers. */
  public Journal journal() {
    return journal;
  }

  /** Whether it has no process and its last event is in the journal. */
  public boolean isOver() {
    return over;
  }

  /** The session as clients see it now. */
  public dev.cleat.v1.Session view() {
    lock.lock();
    try {
      return fold.snapshot()
          .setEpoch(journal.epoch())
          .setOldestSeq(journal.oldest())
          .setHeadSeq(journal.head())
          .setDurableSeq(journal.durableHead())
          .setClientCount(sizes.count())
          .build();
    } finally {
      lock.unlock();
    }
  }

  // Starting and ending.

  /** Writes the first event. */
  void created(dev.cleat.v1.Session settings) {
    lock.lock();
    try {
      append(List.of(Events.created(settings)));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Starts the process. The session has none.
   *
   * @throws Refusal if it cannot be started; the session is then FAILED
   */
  void start() {
    lock.lock();
    try {
      final int number = fold.session().getRun() + 1;
      append(List.of(Events.state(SessionState.SESSION_STATE_STARTING, number, "")));
      over = false;
      final Run starting = new Run(this, number);
      try {
        final Starter.Started started = Starter.start(shared, id, fold.session(), env, starting);
        running(starting, started);
      } catch (Refusal e) {
        append(List.of(Events.state(SessionState.SESSION_STATE_FAILED, number, e.getMessage())));
        ended();
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  private void running(Run starting, Starter.Started started) {
    aid = started.launch().aid().orElse("");
    final Event.Builder state =
        Events.state(SessionState.SESSION_STATE_RUNNING, starting.number(), "");
    state.getStateChangedBuilder().setMode(started.mode()).setWorkdir(started.workdir().toString());
    try {
      append(
          List.of(
              state,
              Events.activity(
                  dev.cleat.v1.ActivityState.ACTIVITY_STATE_UNKNOWN,
                  dev.cleat.v1.EvidenceSource.EVIDENCE_SOURCE_PROCESS,
                  journal.nextSeq())));
    } catch (Refusal e) {
      started.terminal().close();
      throw e;
    }
    final Tracker tracker =
        new Tracker(id, journal, journal.nextSeq(), started.launch().aid(), new TrackerSink());
    starting.started(started.terminal(), tracker);
    run = starting;
    turns.started(Prompting.of(started.launch(), started.mode()));
    gate.open(started.terminal());
    applySize();
    tracker.start();
  }

  /**
   * Ends the process, and waits for that if asked to.
   *
   * @param reason in words for a person; may be empty
   * @return done when the exit is in the journal
   */
  public CompletableFuture<Void> stop(Duration grace, String reason) {
    lock.lock();
    try {
      final Run running = run;
      if (running == null) {
        return CompletableFuture.completedFuture(null);
      }
      if (fold.state() != SessionState.SESSION_STATE_STOPPING) {
        running.stopping(reason);
        appendOrGoOn(
            List.of(Events.state(SessionState.SESSION_STATE_STOPPING, running.number(), reason)));
      }
      running.terminal().stop(grace);
      return running.ended();
    } finally {
      lock.unlock();
    }
  }

  /** A full disk must not keep a process from being stopped. */
  private void appendOrGoOn(List<Event.Builder> events) {
    try {
      append(events);
    } catch (Refusal e) {
      LOG.warn("Session {}: {}", id, e.getMessage());
    }
  }

  /**
   * Starts the process again; a running one is stopped first.
   *
   * @throws Refusal as {@link #start}
   */
  public void restart(Duration grace) {
    awaitEnd(stop(grace, "restarted"), grace.plusSeconds(60));
    lock.lock();
    try {
      if (run != null) {
        throw Refusal.of(
                Code.ABORTED,
                ErrorReason.ERROR_REASON_WRONG_STATE,
                "another call has started the session meanwhile")
            .with("session_id", id)
            .with("state", fold.state().name());
      }
      start();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the end of a process that was told to stop. */
  public static void awaitEnd(CompletableFuture<Void> ended, Duration patience) {
    try {
      ended.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.of(
          Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "the call was cancelled");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (TimeoutException e) {
      throw Refusal.of(
          Code.DEADLINE_EXCEEDED,
          ErrorReason.ERROR_REASON_WRONG_STATE,
          "the processes of the session do not end");
    }
  }

  /** Halts the processes. */
  public void pause() {
    lock.lock();
    try {
      if (fold.state() == SessionState.SESSION_STATE_PAUSED) {
        return;
      }
      final Run running = running("pause", SessionState.SESSION_STATE_RUNNING);
      append(List.of(Events.state(SessionState.SESSION_STATE_PAUSED, running.number(), "")));
      running.terminal().pause();
    } finally {
      lock.unlock();
    }
  }

  /** Lets the processes go on. */
  public void resume() {
    lock.lock();
    try {
      final Run running = running("resume", SessionState.SESSION_STATE_PAUSED);
      append(List.of(Events.state(SessionState.SESSION_STATE_RUNNING, running.number(), "")));
      running.terminal().resume();
    } finally {
      lock.unlock();
    }
  }

  /** Interrupts what runs in the foreground. */
  public void interrupt() {
    lock.lock();
    try {
      running("interrupt", SessionState.SESSION_STATE_RUNNING).terminal().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private Run running(String verb, SessionState... states) {
    final Run running = run;
    if (running == null || (states.length > 0 && !List.of(states).contains(fold.state()))) {
      final String state = stateName();
      throw Refusal.wrongState(
          id, state, "cannot " + verb + " a session that is " + state.replace('_', ' '));
    }
    return running;
  }

  private String stateName() {
    return fold.state().name().replace("SESSION_STATE_", "").toLowerCase(java.util.Locale.ROOT);
  }

  /** The process has ended and everything it printed has been taken. */
  void exited(Run ending, @Nullable Exit exit) {
    if (!isCurrent(ending)) {
      // It could not be written down that it runs, so it was ended at once.
      return;
    }
    try {
      if (!ending.tracker().finish(journal.head(), TRACKER_PATIENCE)) {
        LOG.warn("Session {}: its output could not be looked at to its end", id);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    gate.close();
    untilWritten(() -> {
      final List<Event.Builder> events = new ArrayList<>(turns.sessionEnded(exit));
      events.add(
          Events.state(SessionState.SESSION_STATE_EXITED, ending.number(), ending.stopReason()));
      events.add(Events.exited(exit, ending.number()));
      append(events);
      turns.clear();
      run = null;
      ended();
    });
    try {
      journal.seal();
    } catch (IOException e) {
      LOG.warn("Session {}: its end could not be synced", id, e);
    }
    ending.ended().complete(null);
  }

  private void ended() {
    over = true;
    sizes.sayOver();
  }

  private boolean isCurrent(Run other) {
    lock.lock();
    try {
      return run == other;
    } finally {
      lock.unlock();
    }
  }

  /** The process went down with the server that ran it. */
  void lost(String message) {
    lock.lock();
    try {
      turns.restore(fold.openTurns());
      replayOpenTurn();
      final List<Event.Builder> events = new ArrayList<>(turns.sessionLost());
      events.add(Events.state(SessionState.SESSION_STATE_LOST, fold.session().getRun(), message));
      append(events);
      turns.clear();
      ended();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The end of a turn may be in the journal without having been looked at before the server went
   * down.
   */
  private void replayOpenTurn() {
    for (Turn open : fold.openTurns()) {
      if (open.getFirstSeq() > 0 && open.getFirstSeq() <= journal.head() && !aid.isEmpty()) {
        try {
          new Tracker(
                  id,
                  journal,
                  Math.max(open.getFirstSeq(), journal.oldest()),
                  java.util.Optional.of(aid),
                  new TrackerSink())
              .replay();
        } catch (IOException e) {
          LOG.warn("Session {}: the output of turn {} cannot be read", id, open.getId(), e);
        }
        return;
      }
    }
  }

  // Output.

  /**
   * Takes what the process printed. Blocks while it cannot be written down, and so holds the
   * process back.
   */
  void printed(OutputStream stream, ByteBuffer data) {
    untilWritten(() -> {
      final Instant now = shared.clock().instant();
      final long offset = fold.outputBytes();
      outputEntry.set(now, offset, stream, data);
      final long seq = write(List.of(outputEntry));
      fold.output(seq, offset + data.remaining(), now);
    });
    if (!outputUnsaved) {
      outputUnsaved = true;
      shared.saver().saveSoon(this);
    }
  }

  /** Runs a step with the lock held, again and again while there is no room on the disk. */
  private void untilWritten(Runnable step) {
    for (int attempt = 0; ; attempt++) {
      lock.lock();
      try {
        if (abandoned) {
          return;
        }
        step.run();
        return;
      } catch (Refusal e) {
        if (attempt == 0) {
          LOG.warn("Session {} is held back: {}", id, e.getMessage());
        }
      } finally {
        lock.unlock();
      }
      try {
        Thread.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private long write(List<? extends dev.cleat.server.journal.Entry> entries) {
    try {
      return journal.append(entries);
    } catch (JournalFullException e) {
      throw Refusal.storageFull();
    } catch (JournalClosedException e) {
      throw Refusal.noSession("session_id", id);
    } catch (IOException e) {
      LOG.error("Session {}: its journal cannot be written", id, e);
      throw Refusal.storageUnavailable();
    }
  }

  /** Appends events in one step; the number of the first. */
  private long append(List<Event.Builder> events) {
    final var time = Times.timestamp(shared.clock().instant());
    final List<EventEntry> entries = new ArrayList<>(events.size());
    long seq = journal.nextSeq();
    for (Event.Builder event : events) {
      entries.add(new EventEntry(event.setSeq(seq++).setTime(time).build()));
    }
    final long first = write(entries);
    for (EventEntry entry : entries) {
      fold.apply(entry.event());
      unsaidChange = Changes.greater(unsaidChange, Changes.kind(entry.event()));
    }
    sayChange();
    shared.saver().save(this);
    return first;
  }

  private void sayChange() {
    final SessionChangeKind kind = unsaidChange;
    if (kind != null && shared.changes().append(kind, view())) {
      unsaidChange = null;
    }
  }

  // Clients, input and size.

  /**
   * A client comes.
   *
   * @throws Refusal TOO_MANY_CLIENTS
   */
  public Client attach(AttachOpen open, Client.Listener listener) {
    lock.lock();
    try {
      if (sizes.count() >= shared.settings().maxClients()) {
        throw Refusal.of(
                Code.RESOURCE_EXHAUSTED,
                ErrorReason.ERROR_REASON_TOO_MANY_CLIENTS,
                "the session has " + sizes.count() + " clients, and may not have more")
            .with("session_id", id)
            .with("limit", shared.settings().maxClients())
            .retryAfter(Duration.ofSeconds(5));
      }
      final TerminalSize size = open.hasSize() ? open.getSize() : null;
      final Client client =
          new Client(this, gate, open.getReadOnly(), open.getWriterId(), size, listener);
      sizes.add(client);
      applySize();
      return client;
    } finally {
      lock.unlock();
    }
  }

  void detach(Client client) {
    lock.lock();
    try {
      sizes.remove(client);
      applySize();
    } finally {
      lock.unlock();
    }
  }

  void sizesChanged() {
    lock.lock();
    try {
      applySize();
    } finally {
      lock.unlock();
    }
  }

  void typedBy(Client client) {
    if (client.size() != null && !sizes.isLatest(client)) {
      resizedBy(client);
    }
  }

  void resizedBy(Client client) {
    lock.lock();
    try {
      sizes.active(client);
      applySize();
    } finally {
      lock.unlock();
    }
  }

  private void applySize() {
    if (run != null) {
      sizes.wanted(policy()).ifPresent(this::apply);
    }
  }

  private ResizePolicy policy() {
    return fold.session().getResizePolicy();
  }

  private void apply(TerminalSize size) {
    final Run running = run;
    if (running != null && !size.equals(fold.session().getSize())) {
      appendOrGoOn(List.of(Events.resized(size)));
      running.terminal().resize(new Size(size.getRows(), size.getColumns()));
    }
  }

  /** Sets the terminal's size, whatever the policy. */
  public void resize(TerminalSize size) {
    lock.lock();
    try {
      running("resize");
      apply(size);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Types, and waits until the terminal has taken it.
   *
   * @param writerId empty for input without a number
   * @throws Refusal WRONG_STATE, INPUT_HOLE, INPUT_FULL
   */
  public void type(String writerId, long inputSeq, ByteString data) throws InterruptedException {
    lock.lock();
    try {
      running("type into");
    } finally {
      lock.unlock();
    }
    final CompletableFuture<Boolean> discarded = new CompletableFuture<>();
    if (writerId.isEmpty()) {
      gate.input(data, discarded::complete);
    } else {
      gate.refuseWhenFull();
      gate.input(writerId, inputSeq, data, discarded::complete);
    }
    try {
      if (discarded.get()) {
        throw Refusal.wrongState(id, stateName(), "the process ended before it took the input");
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  // Turns.

  /** See {@link Prompts}, which makes it safe to retry. */
  Turn prompt(Turn turn, boolean refuseWhenBusy) {
    lock.lock();
    try {
      final Run running = run;
      if (running == null || fold.state() == SessionState.SESSION_STATE_STOPPING) {
        throw Refusal.wrongState(
            id,
            stateName(),
            "cannot prompt a session that is " + stateName() + "; restart it first");
      }
      if (turns.prompting().kind() == Prompting.Kind.NONE) {
        throw Refusal.of(
                Code.FAILED_PRECONDITION,
                ErrorReason.ERROR_REASON_NO_PROMPTS,
                "the tool takes no prompts; type into it with SendInput or Attach")
            .with("session_id", id)
            .with("tool", fold.session().getTool());
      }
      turns.prompting().check(turn.getPrompt());
      if (refuseWhenBusy) {
        turns.refuseWhenBusy();
      }
      turns.refuseWhenFull();
      final Turn numbered =
          turn.toBuilder()
              .setNumber(fold.session().getTurnCount() + 1)
              .setCreateTime(Times.timestamp(shared.clock().instant()))
              .build();
      return turns.accept(numbered);
    } finally {
      lock.unlock();
    }
  }

  /** A turn, if it is open or was open a moment ago; null otherwise. */
  @Nullable Turn recentTurn(String turnId) {
    lock.lock();
    try {
      return fold.turn(turnId);
    } finally {
      lock.unlock();
    }
  }

  /** Cancels a turn if it is open; null otherwise. */
  @Nullable Turn cancel(String turnId) {
    lock.lock();
    try {
      final Turn turn = fold.turn(turnId);
      if (turn == null || Fold.ended(turn.getState())) {
        return turn;
      }
      final Turn cancelled = turns.cancel(turnId);
      if (run != null) {
        run.tracker().wake();
      }
      return cancelled.toBuilder().setPrompt(turn.getPrompt()).build();
    } finally {
      lock.unlock();
    }
  }

  // Settings, saving and the end.

  /** Sets fields, by their names in the contract. */
  void update(dev.cleat.v1.Session values, List<String> fields) {
    lock.lock();
    try {
      final dev.cleat.v1.Session.Builder changed = fold.snapshot();
      fields.forEach(field -> Settings.copy(field, values, changed));
      append(List.of(Events.updated(changed.build(), fields)));
    } finally {
      lock.unlock();
    }
  }

  /** What is to be saved now. */
  Saver.Unsaved unsaved() {
    lock.lock();
    try {
      outputUnsaved = false;
      if (unsaidChange != null) {
        sayChange();
      }
      return Saver.Unsaved.of(view(), fold.seq(), aid, fold.unsavedTurns());
    } finally {
      lock.unlock();
    }
  }

  /** It has been saved. */
  void saved(Saver.Unsaved what) {
    lock.lock();
    try {
      fold.saved(what.turns());
    } finally {
      lock.unlock();
    }
  }

  /** When something last happened that keeps it from being idle; null while something goes on. */
  @Nullable Instant idleSince() {
    lock.lock();
    try {
      if (run == null || sizes.count() > 0 || !turns.currentId().isEmpty()) {
        return null;
      }
      Instant last = Times.instant(fold.session().getLastActivityTime());
      final Instant output = fold.lastOutput();
      if (output != null && output.isAfter(last)) {
        last = output;
      }
      final Instant input = shared.clock().instant().minus(sinceClientInput());
      return gate.clientInputs() > 0 && input.isAfter(last) ? input : last;
    } finally {
      lock.unlock();
    }
  }

  private Duration sinceClientInput() {
    return Duration.ofNanos(System.nanoTime() - gate.lastClientInputNanos());
  }

  /** The server gives up on it: what is not written is not tried again. */
  void abandon() {
    lock.lock();
    try {
      abandoned = true;
    } finally {
      lock.unlock();
    }
  }

  /** What the turns need of the session. Used with the lock held. */
  private final class TurnHost implements Turns.Host {
    @Override
    public Instant now() {
      return shared.clock().instant();
    }

    @Override
    public long append(List<Event.Builder> events) {
      return Session.this.append(events);
    }

    @Override
    public boolean type(byte[] prompt, long seenInputs) {
      return gate.type(prompt, seenInputs);
    }

    @Override
    public long clientInputs() {
      return gate.clientInputs();
    }

    @Override
    public Duration sinceClientInput() {
      return Session.this.sinceClientInput();
    }

    @Override
    public void interrupt() {
      if (run != null) {
        run.terminal().interrupt();
      }
    }

    @Override
    public void killForeground() {
      if (run != null) {
        run.terminal().killForeground();
      }
    }

    @Override
    public Foreground foreground() {
      return run == null ? Foreground.UNKNOWN : run.terminal().foreground();
    }

    @Override
    public long outputBytes() {
      return fold.outputBytes();
    }

    @Override
    public long headSeq() {
      return journal.nextSeq() - 1;
    }
  }

  /** Where the tracker tells what it finds. */
  private final class TrackerSink implements Tracker.Sink {
    @Override
    public void printed(byte[] bytes, int from, int count, Evidence first) {
      turns.printed(bytes, from, count, first);
    }

    @Override
    public void mark(Mark mark, Evidence before, Evidence behind) {
      switch (mark) {
        case Mark.Shell shell -> shellMark(shell, before, behind);
        case Mark.Directory directory -> {
          if (!directory.path().equals(fold.session().getCurrentDirectory())) {
            append(List.of(Events.directory(directory.path())));
          }
        }
        case Mark.Title title -> {
          if (!title.text().equals(fold.session().getTitle())) {
            append(List.of(Events.title(title.text())));
          }
        }
        case Mark.Notification notification ->
            append(List.of(Events.notified(notification.text())));
      }
    }

    private void shellMark(Mark.Shell mark, Evidence before, Evidence behind) {
      switch (mark.kind()) {
        case PROMPT_START -> {}
        case PROMPT_END -> turns.promptShown(mark.end(), before.seq());
        case CONTINUATION -> turns.continuationShown();
        case COMMAND_START -> turns.commandStarted(behind);
        case COMMAND_END -> turns.commandEnded(mark.exitCode().orElse(0), before);
      }
    }

    @Override
    public @Nullable Instant tick() {
      return turns.tick();
    }

    @Override
    public void locked(Runnable step) {
      lock.lock();
      try {
        step.run();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Instant now() {
      return shared.clock().instant();
    }
  }
}
