package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.terminal.Size;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.RevivePolicy;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process of a session: how it starts, what it prints, how it ends, and what is left of it
 * after a restart of the server.
 *
 * <p>The path of the output is {@link #printed}: take the lock, append, let go. What reads the
 * output reads the journal, on threads of its own. Thread-safe, but for what is said to be confined
 * to the session's lock.
 */
final class SessionProcess implements HeadlessDriver.Host {
  private static final Logger LOG = LoggerFactory.getLogger(SessionProcess.class);
  private static final Duration TRACKER_PATIENCE = Duration.ofSeconds(30);

  /** What is wrong with the way that was tried, and need not be with another. */
  private static final Set<ErrorReason> NOT_STARTED =
      Set.of(ErrorReason.ERROR_REASON_TOOL_NOT_INSTALLED, ErrorReason.ERROR_REASON_START_FAILED);

  private final Shared shared;
  private final SessionKey key;
  private final Journal journal;
  private final Map<String, String> env;
  private final SessionLock lock;
  private final SessionLog log;
  private final Ledger ledger;
  private final InputGate gate;
  private final TurnHost host;
  private final Sizes sizes;
  private final ScreenFollower screen;
  private final Artifacts artifacts;
  private final OutputReaders readers;
  private final AgentDrivers drivers;
  private final OtherWays otherWays;
  private final long noticedSeq;

  /** Replaced with the lock held, where the session goes another way. */
  private volatile Turns turns;

  /** As the way is that the session goes. Each keystroke asks. */
  private volatile boolean protocol;

  private String aid;
  private @Nullable Run run;
  private volatile boolean over;

  /** Its place among those that have a process stays taken until it has the next one. */
  private boolean restarting;

  /** Its session is being deleted. Confined to the session's lock. */
  private boolean barred;

  /**
   * No process yet.
   *
   * @param env the variables that the caller set
   * @param notes of its run before a restart
   * @param settings what it was created with, and what has become of it
   */
  SessionProcess(
      Shared shared,
      SessionKey key,
      Journal journal,
      Map<String, String> env,
      RunNotes notes,
      SessionLock lock,
      SessionLog log,
      InputGate gate,
      TurnHost host,
      SessionOrBuilder settings,
      Sizes sizes,
      ScreenFollower screen) {
    this.shared = shared;
    this.key = key;
    this.journal = journal;
    this.env = Map.copyOf(env);
    this.aid = notes.aid();
    this.noticedSeq = notes.noticedSeq();
    this.lock = lock;
    this.log = log;
    this.ledger = shared.ledgers().of(key.tenant());
    this.gate = gate;
    this.host = host;
    this.sizes = sizes;
    this.screen = screen;
    this.artifacts =
        new Artifacts(
            key,
            lock,
            log,
            shared.settings().artifactRoots(),
            home(env),
            shared.policy().isSet(),
            shared.lookers());
    this.readers = new OutputReaders(shared, key, journal, lock, log, artifacts);
    this.drivers = new AgentDrivers(shared, key, this.env, log, gate, host, screen, this);
    this.otherWays = new OtherWays(shared, key, this.env);
    this.protocol = isProtocol(settings);
    this.turns = turns(settings);
    this.over = Fold.ended(log.fold().state());
  }

  private Turns turns(SessionOrBuilder session) {
    final int maxQueue = shared.settings().maxQueue();
    return isProtocol(session) || Starter.isSeenOnScreen(shared, session)
        ? new AgentTurns(host, this::goOn, key.id(), maxQueue, ledger)
        : new TypedTurns(host, key.id(), maxQueue, ledger);
  }

  private static boolean isProtocol(SessionOrBuilder session) {
    return switch (session.getPromptWay()) {
      case PROMPT_WAY_ACP, PROMPT_WAY_HEADLESS -> true;
      default -> false;
    };
  }

  /** Its turns. Confined to the session's lock. */
  Turns turns() {
    return turns;
  }

  /** Whether it is not typed into, but talked to in a protocol or by commands. Never waits. */
  boolean isProtocol() {
    return protocol;
  }

  private static Path home(Map<String, String> env) {
    final String home = env.getOrDefault("HOME", System.getProperty("user.home"));
    return Path.of(home.startsWith("/") ? home : "/");
  }

  /** What its session is called inside. */
  SessionKey key() {
    return key;
  }

  /** The media files that it has named. */
  Artifacts artifacts() {
    return artifacts;
  }

  private Fold fold() {
    return log.fold();
  }

  /** Whether there is none, and the last event of the last one is in the journal. */
  boolean isOver() {
    return over;
  }

  /** Whether there is one, starting to stopping. Confined to the session's lock. */
  boolean isThere() {
    return run != null;
  }

  /** What is to be stored of its run. Confined to the session's lock. */
  RunNotes notes() {
    if (run != null) {
      return new RunNotes(aid, run.noticer().noticedSeq());
    }
    return new RunNotes(aid, over ? log.head() : noticedSeq);
  }

  /** Something has changed that turns may wait for. Confined to the session's lock. */
  void wakeTracker() {
    if (run != null) {
      run.tracker().wake();
    }
  }

  /**
   * Starts the process. The session has none.
   *
   * @throws Refusal QUOTA_EXCEEDED, TOO_MANY_SESSIONS and SESSION_NOT_FOUND, and nothing has
   *     changed; or because it cannot be started, and the session is FAILED
   */
  void start() {
    lock.locked(() -> {
      if (barred) {
        throw Refusal.noSession("session_id", key.id());
      }
      ledger.begin(key.id());
      log.lives();
      final int number = fold().session().getRun() + 1;
      try {
        log.append(List.of(Events.state(SessionState.SESSION_STATE_STARTING, number, "")));
      } catch (Refusal e) {
        // What a new session was to begin with.
        turns.clear();
        ledger.end(key.id());
        throw e;
      }
      over = false;
      final Run starting = new Run(this, number);
      try {
        begin(starting);
      } catch (Refusal e) {
        failed(number, e.getMessage());
        throw e;
      } catch (RuntimeException e) {
        LOG.error("Session {} cannot be started", key, e);
        if (run == null) {
          failed(number, Starter.defect(e));
        } else {
          // The journal has it that it runs; so that ends with its exit.
          run.terminal().stop(Duration.ZERO);
        }
        throw e;
      }
    });
  }

  private void failed(int number, String why) {
    try {
      log.append(List.of(Events.state(SessionState.SESSION_STATE_FAILED, number, why)));
    } finally {
      ended();
    }
  }

  /** From now on none starts, since the session is being deleted; or again, if it was not. */
  void barStarts(boolean bar) {
    lock.locked(() -> {
      barred = bar;
    });
  }

  private void begin(Run starting) {
    final Starter.Started started;
    try {
      started = lock.slowly(() -> Starter.start(shared, key, fold().session(), env, starting));
    } catch (Refusal e) {
      final OtherWays.Begun other =
          (NOT_STARTED.contains(e.reason())
                  ? lock.slowly(() -> otherWays.start(fold().snapshot(), starting, e.getMessage()))
                      .begun()
                  : Optional.<OtherWays.Begun>empty())
              .orElseThrow(() -> e);
      running(starting, other.started(), List.of(other.change()));
      return;
    }
    running(starting, started, List.of());
  }

  /** See {@link AgentTurns.Fallback}: commands are only found not to start with a turn. */
  private Optional<String> goOn(String why, Event.Builder waiting) {
    final Run before = run;
    if (before == null || fold().state() != SessionState.SESSION_STATE_RUNNING) {
      return Optional.of(why);
    }
    final int number = before.number() + 1;
    final Run starting = new Run(this, number);
    final OtherWays.Attempt attempt =
        lock.slowly(() -> otherWays.start(fold().snapshot(), starting, why));
    if (attempt.begun().isEmpty()) {
      return Optional.of(attempt.why());
    }
    final OtherWays.Begun other = attempt.begun().get();
    running(
        starting,
        other.started(),
        List.of(
            waiting,
            other.change(),
            Events.state(SessionState.SESSION_STATE_STARTING, number, "")));
    before.tracker().end();
    before.terminal().stop(Duration.ZERO);
    return Optional.empty();
  }

  private void running(Run starting, Starter.Started started, List<Event.Builder> before) {
    aid = started.aid().orElse("");
    final Event.Builder state =
        Events.state(SessionState.SESSION_STATE_RUNNING, starting.number(), "");
    state
        .getStateChangedBuilder()
        .setMode(started.mode())
        .setWorkdir(
            started.placement().isHere()
                ? started.workdir().toString()
                : fold().session().getWorkdir());
    final Event.Builder activity =
        Events.activity(
            started.terminal() instanceof HeadlessTerminal
                ? ActivityState.ACTIVITY_STATE_IDLE
                : ActivityState.ACTIVITY_STATE_UNKNOWN,
            EvidenceSource.EVIDENCE_SOURCE_PROCESS,
            log.head() + before.size() + 1);
    try {
      final List<Event.Builder> events = new ArrayList<>(before);
      events.add(state);
      events.add(activity);
      log.append(events);
    } catch (Refusal e) {
      started.terminal().close();
      throw e;
    }
    protocol = isProtocol(fold().session());
    exchangeTurns();
    final OutputReaders.Following following = readers.follow(started, turns, queries(started));
    starting.started(started.terminal(), following.tracker(), following.noticer());
    run = starting;
    host.terminal(started.terminal());
    gate.open(started.terminal());
    switch (turns) {
      case TypedTurns typed -> typed.started(started.prompting());
      case AgentTurns agent -> drivers.drive(agent, starting, started);
    }
    applySize();
    following.tracker().start();
  }

  /**
   * In another way its turns may be of another kind, and so if the catalogue says something else of
   * its tool than it did.
   */
  private void exchangeTurns() {
    final Turns fitting = turns(fold().session());
    if (turns instanceof AgentTurns != fitting instanceof AgentTurns) {
      turns.clear();
      turns = fitting;
      turns.restore(fold().openTurns());
    }
  }

  private @Nullable TerminalQueries queries(Starter.Started started) {
    return started.mode() == SessionMode.SESSION_MODE_PTY
        ? new TerminalQueries(
            started.terminal(), gate, screen, () -> lock.locked(() -> fold().session().getSize()))
        : null;
  }

  /**
   * Ends the process.
   *
   * @param reason in words for a person; may be empty
   * @return done when the exit is in the journal
   */
  CompletableFuture<Void> stop(Duration grace, String reason) {
    return lock.locked(() -> {
      final Run running = run;
      if (running == null) {
        if (!Fold.ended(fold().state())) {
          // A start failed, and there was no room to write that down.
          log.appendIfPossible(
              List.of(
                  Events.state(
                      SessionState.SESSION_STATE_FAILED,
                      fold().session().getRun(),
                      "its start failed, and there was no room to write that down")));
        }
        return CompletableFuture.completedFuture(null);
      }
      if (fold().state() != SessionState.SESSION_STATE_STOPPING) {
        running.stopping(reason);
        log.appendIfPossible(
            List.of(Events.state(SessionState.SESSION_STATE_STOPPING, running.number(), reason)));
      }
      running.terminal().stop(grace);
      log.ends(grace);
      return running.ended();
    });
  }

  /**
   * Starts the process again; a running one is stopped first.
   *
   * @throws Refusal as {@link #start}
   */
  void restart(Duration grace) {
    lock.locked(() -> {
      ledger.refuseWhenFull();
      restarting = true;
    });
    try {
      Session.awaitEnd(stop(grace, "restarted"), grace.plusSeconds(60));
      startAgain();
    } finally {
      lock.locked(() -> {
        restarting = false;
        if (run == null) {
          ledger.end(key.id());
        }
      });
    }
  }

  private void startAgain() {
    lock.locked(() -> {
      if (run != null) {
        throw Refusal.of(
                Code.ABORTED,
                ErrorReason.ERROR_REASON_WRONG_STATE,
                "another call has started the session meanwhile")
            .with("session_id", key.id())
            .with("state", stateName());
      }
      start();
    });
  }

  /** Halts the processes. */
  void pause() {
    lock.locked(() -> {
      if (fold().state() != SessionState.SESSION_STATE_PAUSED) {
        final Run running = running("pause", SessionState.SESSION_STATE_RUNNING);
        log.append(List.of(Events.state(SessionState.SESSION_STATE_PAUSED, running.number(), "")));
        lock.slowly(running.terminal()::pause);
      }
    });
  }

  /** Lets the processes go on. */
  void resume() {
    lock.locked(() -> {
      final Run running = running("resume", SessionState.SESSION_STATE_PAUSED);
      log.append(List.of(Events.state(SessionState.SESSION_STATE_RUNNING, running.number(), "")));
      running.terminal().resume();
    });
  }

  /** Interrupts what runs in the foreground. */
  void interrupt() {
    lock.locked(() -> {
      final Run running = running("interrupt", SessionState.SESSION_STATE_RUNNING);
      if (!(turns instanceof AgentTurns agent && agent.interruptByKey())) {
        running.terminal().interrupt();
      }
      turns.interrupted();
      // An agent that says nothing to it is looked at again, and killed in the end.
      wakeTracker();
    });
  }

  /**
   * The process, in one of these states if any are given. Confined to the session's lock.
   *
   * @throws Refusal WRONG_STATE
   */
  Run running(String verb, SessionState... states) {
    final Run running = run;
    if (running == null || (states.length > 0 && !List.of(states).contains(fold().state()))) {
      throw Refusal.wrongState(
          key.id(), stateName(), "cannot " + verb + " a session that is " + stateName());
    }
    return running;
  }

  /** The state in small letters. */
  String stateName() {
    return log.stateName();
  }

  /** The process has ended and everything it printed has been taken. */
  void exited(Run ending, @Nullable Exit exit) {
    if (lock.locked(() -> run != ending)) {
      // It could not be written down that it runs, or the session goes on in another way.
      ending.ended().complete(null);
      return;
    }
    try {
      end(ending, exit);
    } catch (RuntimeException e) {
      LOG.error("Session {}: its end could not be written down whole", key, e);
      endBarely(ending, exit);
    } finally {
      ending.ended().complete(null);
    }
  }

  private void end(Run ending, @Nullable Exit exit) {
    try {
      if (!ending.tracker().finish(journal.nextSeq() - 1, TRACKER_PATIENCE)) {
        LOG.warn("Session {}: its output could not be looked at to its end", key);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ending.noticer().finish();
    gate.close();
    lock.locked(() -> log.ends(Duration.ZERO));
    final boolean _ =
        lock.untilWritten(() -> {
          if (turns instanceof AgentTurns agent) {
            agent.closing();
          }
          over(ending, exit, turns.sessionEnded(exit));
        });
    seal();
  }

  private void over(Run ending, @Nullable Exit exit, List<Event.Builder> ofTurns) {
    final List<Event.Builder> events = new ArrayList<>(ofTurns);
    events.add(
        Events.state(SessionState.SESSION_STATE_EXITED, ending.number(), ending.stopReason()));
    events.add(Events.exited(exit, ending.number()));
    log.append(events);
    run = null;
    ended();
  }

  /**
   * Without what was said last: a session that has no process and does not know it could never be
   * stopped or deleted.
   */
  private void endBarely(Run ending, @Nullable Exit exit) {
    try {
      gate.close();
      final boolean _ =
          lock.untilWritten(() -> {
            if (run == ending) {
              over(ending, exit, abandonedTurns());
            }
          });
      seal();
    } finally {
      lock.locked(() -> {
        if (run == ending) {
          run = null;
          ended();
        }
      });
    }
  }

  private List<Event.Builder> abandonedTurns() {
    return fold().openTurns().stream()
        .map(turn ->
            Events.turn(
                CurrentTurn.abandoned(
                        turn,
                        TurnState.TURN_STATE_UNCERTAIN,
                        TurnEndReason.TURN_END_REASON_SESSION_ENDED,
                        host.now())
                    .build()))
        .toList();
  }

  private void seal() {
    try {
      journal.seal();
    } catch (IOException e) {
      LOG.warn("Session {}: its end could not be synced", key, e);
    }
  }

  private void ended() {
    artifacts.noticedBy(null);
    turns.clear();
    host.terminal(null);
    if (!restarting) {
      ledger.end(key.id());
    }
    // Last: who sees that it is over finds its place free.
    over = true;
    sizes.sayOver();
  }

  /**
   * The process went down with the server that ran it. What has one for each turn only lost that at
   * most, and goes on.
   */
  void lost(String message) {
    readers.lookBack(noticedSeq);
    lock.locked(() -> {
      log.ends(Duration.ZERO);
      turns.restore(fold().openTurns());
      readers.replayOpenTurn(turns, aid);
      final List<Event.Builder> events = new ArrayList<>(turns.sessionLost());
      events.add(Events.state(SessionState.SESSION_STATE_LOST, fold().session().getRun(), message));
      log.append(events);
      ended();
    });
  }

  /** Whether it is to start again as soon as its server is back. */
  boolean revivesAtOnce() {
    return lock.locked(() ->
        fold().state() == SessionState.SESSION_STATE_LOST
            && (fold().session().getRevive() == RevivePolicy.REVIVE_POLICY_AT_ONCE
                || fold().session().getPromptWay() == PromptWay.PROMPT_WAY_HEADLESS));
  }

  /** Starts a lost session again, if its policy says so. Confined to the session's lock. */
  void revive() {
    final RevivePolicy policy = fold().session().getRevive();
    if (run == null
        && fold().state() == SessionState.SESSION_STATE_LOST
        && (policy == RevivePolicy.REVIVE_POLICY_ON_PROMPT
            || policy == RevivePolicy.REVIVE_POLICY_AT_ONCE)) {
      start();
    }
  }

  /**
   * Takes what the process printed. Blocks while it cannot be written down, and so holds the
   * process back.
   */
  void printed(Run printing, OutputStream stream, ByteBuffer data) {
    if (stream == OutputStream.OUTPUT_STREAM_STDOUT
        && lock.locked(() -> turns instanceof AgentTurns)) {
      agentSpeaks(() -> printing.converse(data));
    } else if (!lock.untilWritten(() -> output(printing, stream, data))) {
      lost(data.remaining());
    }
  }

  private void output(Run printing, OutputStream stream, ByteBuffer data) {
    if (printing.hasStarted()) {
      log.output(stream, data);
    } else {
      lost(data.remaining());
    }
  }

  @Override
  public void printed(OutputStream stream, ByteBuffer data) {
    if (!lock.untilWritten(() -> log.output(stream, data))) {
      lost(data.remaining());
    }
  }

  @Override
  public <T> T slowly(Supplier<T> part) {
    return lock.slowly(part);
  }

  @Override
  public void lost(int bytes) {
    shared.metrics().lost(bytes);
  }

  @Override
  public boolean isRun(Run one) {
    return run == one;
  }

  @Override
  public void agentSpeaks(Runnable step) {
    lock.locked(step);
    if (turns instanceof AgentTurns agent) {
      final boolean _ = lock.untilWritten(agent::settle);
    }
    // What is due may have changed.
    lock.locked(() -> {
      if (run != null) {
        run.tracker().wake();
      }
    });
  }

  /** Gives the terminal the size that the clients want. Confined to the session's lock. */
  void applySize() {
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
  void resize(TerminalSize size) {
    lock.locked(() -> {
      final Run _ = running("resize");
      apply(size);
    });
  }
}
