package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.terminal.Size;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Image;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.RevivePolicy;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
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
public final class Session implements HeadlessDriver.Host {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final Duration TRACKER_PATIENCE = Duration.ofSeconds(30);
  private static final long RETRY_MILLIS = 200;

  private final ReentrantLock lock = new ReentrantLock();
  private final Shared shared;
  private final String id;
  private final Journal journal;
  private final Map<String, String> env;
  private final SessionLog log;
  private final InputGate gate;
  private final TurnHost host;
  private final Turns turns;
  private final Sizes sizes = new Sizes();
  private String aid;
  private @Nullable Run run;
  private volatile boolean over;
  private boolean abandoned;

  /**
   * A session without a process.
   *
   * @param fold all of the journal
   * @param env the variables that the caller set
   * @param aid what the marks of its shell carried before a restart; empty for a new session
   * @param way how its tool takes prompts
   */
  Session(
      Shared shared,
      String id,
      Journal journal,
      Fold fold,
      Map<String, String> env,
      String aid,
      PromptWay way) {
    this.shared = shared;
    this.id = id;
    this.journal = journal;
    this.env = Map.copyOf(env);
    this.aid = aid;
    this.log = new SessionLog(shared, this, journal, fold);
    this.gate = new InputGate(id, shared.settings().maxPendingInput());
    this.host = new TurnHost(shared.clock(), log, gate);
    final int maxQueue = shared.settings().maxQueue();
    this.turns =
        switch (way) {
          case PROMPT_WAY_ACP, PROMPT_WAY_HEADLESS -> new AgentTurns(host, id, maxQueue);
          default -> new TypedTurns(host, id, maxQueue);
        };
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
    return locked(() -> log.view().setClientCount(sizes.count()).build());
  }

  private <T> T locked(Supplier<T> step) {
    lock.lock();
    try {
      return step.get();
    } finally {
      lock.unlock();
    }
  }

  private void locked(Runnable step) {
    lock.lock();
    try {
      step.run();
    } finally {
      lock.unlock();
    }
  }

  private Fold fold() {
    return log.fold();
  }

  // Starting and ending.

  /** Writes the first event. */
  void created(dev.cleat.v1.Session settings) {
    locked(() -> log.append(List.of(Events.created(settings))));
  }

  /**
   * Starts the process. The session has none.
   *
   * @throws Refusal if it cannot be started; the session is then FAILED
   */
  void start() {
    locked(() -> {
      final int number = fold().session().getRun() + 1;
      log.append(List.of(Events.state(SessionState.SESSION_STATE_STARTING, number, "")));
      over = false;
      final Run starting = new Run(this, number);
      try {
        running(starting, Starter.start(shared, id, fold().session(), env, starting));
      } catch (Refusal e) {
        log.append(
            List.of(Events.state(SessionState.SESSION_STATE_FAILED, number, e.getMessage())));
        ended();
        throw e;
      }
    });
  }

  private void running(Run starting, Starter.Started started) {
    aid = started.aid().orElse("");
    final Event.Builder state =
        Events.state(SessionState.SESSION_STATE_RUNNING, starting.number(), "");
    state.getStateChangedBuilder().setMode(started.mode()).setWorkdir(started.workdir().toString());
    final Event.Builder activity =
        Events.activity(
            started.terminal() instanceof HeadlessTerminal
                ? ActivityState.ACTIVITY_STATE_IDLE
                : ActivityState.ACTIVITY_STATE_UNKNOWN,
            EvidenceSource.EVIDENCE_SOURCE_PROCESS,
            log.head() + 1);
    try {
      log.append(List.of(state, activity));
    } catch (Refusal e) {
      started.terminal().close();
      throw e;
    }
    final Tracker tracker = tracker(log.head() + 1, started.aid());
    starting.started(started.terminal(), tracker);
    run = starting;
    host.terminal(started.terminal());
    gate.open(started.terminal());
    switch (turns) {
      case TypedTurns typed -> typed.started(started.prompting());
      case AgentTurns agent -> converse(agent, starting, started);
    }
    applySize();
    tracker.start();
  }

  private void converse(AgentTurns agent, Run starting, Starter.Started started) {
    if (started.terminal() instanceof HeadlessTerminal headless) {
      agent.started(
          Starter.headless(
              shared, id, fold()::session, env, this, headless, started.workdir(), agent));
      return;
    }
    final AcpDriver driver =
        new AcpDriver(
            gate,
            started.terminal(),
            started.workdir(),
            fold()::session,
            agent::hear,
            reason -> {
              starting.stopping(reason);
              started.terminal().stop(shared.settings().stopGrace());
            });
    starting.converses(driver);
    agent.started(driver);
    driver.start();
  }

  private Tracker tracker(long fromSeq, Optional<String> marks) {
    final Tracker.Sink sink =
        switch (turns) {
          case TypedTurns typed -> new TrackerSink(lock, log, typed, shared.clock());
          case AgentTurns agent -> new AgentSink(lock, agent, shared.clock());
        };
    return new Tracker(id, journal, fromSeq, marks, sink);
  }

  /**
   * Ends the process.
   *
   * @param reason in words for a person; may be empty
   * @return done when the exit is in the journal
   */
  public CompletableFuture<Void> stop(Duration grace, String reason) {
    return locked(() -> {
      final Run running = run;
      if (running == null) {
        return CompletableFuture.completedFuture(null);
      }
      if (fold().state() != SessionState.SESSION_STATE_STOPPING) {
        running.stopping(reason);
        log.appendIfPossible(
            List.of(Events.state(SessionState.SESSION_STATE_STOPPING, running.number(), reason)));
      }
      running.terminal().stop(grace);
      return running.ended();
    });
  }

  /**
   * Starts the process again; a running one is stopped first.
   *
   * @throws Refusal as {@link #start}
   */
  void restart(Duration grace) {
    awaitEnd(stop(grace, "restarted"), grace.plusSeconds(60));
    locked(() -> {
      if (run != null) {
        throw Refusal.of(
                Code.ABORTED,
                ErrorReason.ERROR_REASON_WRONG_STATE,
                "another call has started the session meanwhile")
            .with("session_id", id)
            .with("state", stateName());
      }
      start();
    });
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
    locked(() -> {
      if (fold().state() != SessionState.SESSION_STATE_PAUSED) {
        final Run running = running("pause", SessionState.SESSION_STATE_RUNNING);
        log.append(List.of(Events.state(SessionState.SESSION_STATE_PAUSED, running.number(), "")));
        running.terminal().pause();
      }
    });
  }

  /** Lets the processes go on. */
  public void resume() {
    locked(() -> {
      final Run running = running("resume", SessionState.SESSION_STATE_PAUSED);
      log.append(List.of(Events.state(SessionState.SESSION_STATE_RUNNING, running.number(), "")));
      running.terminal().resume();
    });
  }

  /** Interrupts what runs in the foreground. */
  public void interrupt() {
    locked(() -> {
      running("interrupt", SessionState.SESSION_STATE_RUNNING).terminal().interrupt();
      turns.interrupted();
    });
  }

  private Run running(String verb, SessionState... states) {
    final Run running = run;
    if (running == null || (states.length > 0 && !List.of(states).contains(fold().state()))) {
      throw Refusal.wrongState(
          id, stateName(), "cannot " + verb + " a session that is " + stateName());
    }
    return running;
  }

  private String stateName() {
    return fold().state().name().replace("SESSION_STATE_", "").toLowerCase(Locale.ROOT);
  }

  /** The process has ended and everything it printed has been taken. */
  void exited(Run ending, @Nullable Exit exit) {
    if (locked(() -> run != ending)) {
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
      if (turns instanceof AgentTurns agent) {
        agent.closing();
      }
      final List<Event.Builder> events = new ArrayList<>(turns.sessionEnded(exit));
      events.add(
          Events.state(SessionState.SESSION_STATE_EXITED, ending.number(), ending.stopReason()));
      events.add(Events.exited(exit, ending.number()));
      log.append(events);
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
    turns.clear();
    host.terminal(null);
    over = true;
    sizes.sayOver();
  }

  /**
   * The process went down with the server that ran it. What has one for each turn only lost that at
   * most, and goes on.
   */
  void lost(String message) {
    locked(() -> {
      turns.restore(fold().openTurns());
      replayOpenTurn();
      final List<Event.Builder> events = new ArrayList<>(turns.sessionLost());
      events.add(Events.state(SessionState.SESSION_STATE_LOST, fold().session().getRun(), message));
      log.append(events);
      ended();
    });
  }

  /** Whether it is to start again as soon as its server is back. */
  boolean revivesAtOnce() {
    return locked(() ->
        fold().state() == SessionState.SESSION_STATE_LOST
            && (fold().session().getRevive() == RevivePolicy.REVIVE_POLICY_AT_ONCE
                || fold().session().getPromptWay() == PromptWay.PROMPT_WAY_HEADLESS));
  }

  /** Starts a lost session again, if its policy says so. */
  private void revive() {
    final RevivePolicy policy = fold().session().getRevive();
    if (run == null
        && fold().state() == SessionState.SESSION_STATE_LOST
        && (policy == RevivePolicy.REVIVE_POLICY_ON_PROMPT
            || policy == RevivePolicy.REVIVE_POLICY_AT_ONCE)) {
      start();
    }
  }

  /**
   * The end of a turn may be in the journal without having been looked at before the server went
   * down.
   */
  private void replayOpenTurn() {
    for (Turn open : fold().openTurns()) {
      if (open.getFirstSeq() > 0 && open.getFirstSeq() <= journal.head() && !aid.isEmpty()) {
        try {
          tracker(Math.max(open.getFirstSeq(), journal.oldest()), Optional.of(aid)).replay();
        } catch (IOException e) {
          LOG.warn("Session {}: the output of turn {} cannot be read", id, open.getId(), e);
        }
        return;
      }
    }
  }

  /**
   * Takes what the process printed. Blocks while it cannot be written down, and so holds the
   * process back.
   */
  void printed(Run printing, OutputStream stream, ByteBuffer data) {
    if (stream == OutputStream.OUTPUT_STREAM_STDOUT && turns instanceof AgentTurns) {
      agentSpeaks(() -> printing.converse(data));
    } else {
      printed(stream, data);
    }
  }

  @Override
  public void printed(OutputStream stream, ByteBuffer data) {
    untilWritten(() -> log.output(stream, data));
  }

  @Override
  public void agentSpeaks(Runnable step) {
    locked(step);
    if (turns instanceof AgentTurns agent) {
      untilWritten(agent::settle);
    }
    // What is due may have changed.
    locked(() -> {
      if (run != null) {
        run.tracker().wake();
      }
    });
  }

  /** Runs a step with the lock held, again and again while there is no room on the disk. */
  private void untilWritten(Runnable step) {
    for (int attempt = 0; ; attempt++) {
      lock.lock();
      try {
        if (!abandoned) {
          step.run();
        }
        return;
      } catch (Refusal e) {
        if (attempt == 0) {
          LOG.warn("Session {} is held back: {}", id, e.getMessage());
        }
      } finally {
        lock.unlock();
      }
      try {
        TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  // Clients, input and size.

  /**
   * A client comes.
   *
   * @throws Refusal TOO_MANY_CLIENTS
   */
  public Client attach(AttachOpen open, Client.Listener listener) {
    return locked(() -> {
      final int limit = shared.settings().maxClients();
      if (sizes.count() >= limit) {
        throw Refusal.tooManyClients(id, limit);
      }
      final TerminalSize size = open.hasSize() ? open.getSize() : null;
      final Client client =
          new Client(this, gate, open.getReadOnly(), open.getWriterId(), size, listener);
      sizes.add(client);
      applySize();
      return client;
    });
  }

  void detach(Client client) {
    locked(() -> {
      sizes.remove(client);
      applySize();
    });
  }

  void sizesChanged() {
    locked(this::applySize);
  }

  /** Refuses input where the process is talked to in a protocol, or is not there. */
  void refuseTyping() {
    if (turns instanceof AgentTurns) {
      throw Refusal.wrongState(
          id, locked(this::stateName), "its agent takes prompts and no input; use SendPrompt");
    }
  }

  void typedBy(Client client) {
    if (client.size() != null && !sizes.isLatest(client)) {
      resizedBy(client);
    }
  }

  void resizedBy(Client client) {
    locked(() -> {
      sizes.active(client);
      applySize();
    });
  }

  private void applySize() {
    if (run != null) {
      sizes.wanted(fold().session().getResizePolicy()).ifPresent(this::apply);
    }
  }

  private void apply(TerminalSize size) {
    final Run running = run;
    if (running != null && !size.equals(fold().session().getSize())) {
      log.appendIfPossible(List.of(Events.resized(size)));
      running.terminal().resize(new Size(size.getRows(), size.getColumns()));
    }
  }

  /** Sets the terminal's size, whatever the policy. */
  public void resize(TerminalSize size) {
    locked(() -> {
      final Run _ = running("resize");
      apply(size);
    });
  }

  /**
   * Types, and waits until the terminal has taken it.
   *
   * @param writerId empty for input without a number
   * @throws Refusal WRONG_STATE, INPUT_HOLE, INPUT_FULL
   */
  public void type(String writerId, long inputSeq, ByteString data) throws InterruptedException {
    refuseTyping();
    locked(() -> {
      final Run _ = running("type into");
    });
    final CompletableFuture<Boolean> discarded = new CompletableFuture<>();
    gate.refuseWhenFull();
    if (writerId.isEmpty()) {
      gate.input(data, discarded::complete);
    } else {
      gate.input(writerId, inputSeq, data, discarded::complete);
    }
    try {
      if (discarded.get()) {
        throw Refusal.wrongState(
            id, locked(this::stateName), "the process ended before it took the input");
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  // Turns.

  /** See {@link Prompts}, which makes it safe to retry. */
  Turn prompt(Turn turn, List<Image> images, boolean refuseWhenBusy) {
    return locked(() -> {
      revive();
      if (run == null || fold().state() == SessionState.SESSION_STATE_STOPPING) {
        throw Refusal.wrongState(
            id,
            stateName(),
            "cannot prompt a session that is " + stateName() + "; restart it first");
      }
      turns.check(turn, images, fold().session().getTool(), refuseWhenBusy);
      final Turn accepted =
          turns.accept(
              turn.toBuilder()
                  .setNumber(fold().session().getTurnCount() + 1)
                  .setCreateTime(Times.timestamp(shared.clock().instant()))
                  .build(),
              images);
      if (turns instanceof AgentTurns) {
        run.tracker().wake();
      }
      return accepted;
    });
  }

  /**
   * Answers a question of the agent. The first answer counts.
   *
   * @throws Refusal APPROVAL_NOT_FOUND, APPROVAL_RESOLVED, INVALID_REQUEST
   */
  public Approval resolve(
      String approvalId, ApprovalDecision decision, String optionId, String by) {
    final Optional<Approval> decided =
        locked(() ->
            turns instanceof AgentTurns agent
                ? agent.resolve(approvalId, decision, optionId, by)
                : Optional.empty());
    return decided.orElseThrow(() -> DecidedApprovals.refusal(id, journal, approvalId));
  }

  /** A turn, if it is open or was open a moment ago. */
  Optional<Turn> recentTurn(String turnId) {
    return locked(() -> Optional.ofNullable(fold().turn(turnId)));
  }

  /** Cancels a turn if it is open; what {@link #recentTurn} says otherwise. */
  Optional<Turn> cancel(String turnId) {
    return locked(() -> {
      final Turn turn = fold().turn(turnId);
      if (turn == null || Fold.ended(turn.getState())) {
        return Optional.ofNullable(turn);
      }
      final Turn cancelled = turns.cancel(turnId);
      if (run != null) {
        run.tracker().wake();
      }
      return Optional.of(cancelled.toBuilder().setPrompt(turn.getPrompt()).build());
    });
  }

  // Settings, saving and the end.

  /** Sets fields, by their names in the contract. */
  void update(dev.cleat.v1.Session values, List<String> fields) {
    locked(() -> {
      final dev.cleat.v1.Session.Builder changed = fold().snapshot();
      fields.forEach(field -> Settings.copy(field, values, changed));
      log.append(List.of(Events.updated(changed.build(), fields)));
      journal.retain(Retentions.of(shared.settings().journal().retention(), fold().session()));
      applySize();
    });
  }

  /** What is to be saved now. */
  Saver.Unsaved unsaved() {
    return locked(() -> log.unsaved(aid));
  }

  /** It has been saved. */
  void saved(Saver.Unsaved what) {
    locked(() -> log.saved(what));
  }

  /** When something last happened that keeps it from being idle; empty while something goes on. */
  Optional<Instant> idleSince() {
    return locked(() -> {
      if (run == null || sizes.count() > 0 || !turns.currentId().isEmpty()) {
        return Optional.empty();
      }
      final Instant last = Times.instant(fold().snapshot().getLastActivityTime());
      final Instant typed = shared.clock().instant().minus(gate.sinceClientInput());
      return Optional.of(gate.clientInputs() > 0 && typed.isAfter(last) ? typed : last);
    });
  }

  /** The server gives up on it: what could not be written is not tried again. */
  void abandon() {
    locked(() -> {
      abandoned = true;
    });
  }
}
