package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.Image;
import dev.cleat.v1.Screen;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One session: its journal, the process that writes to it, the clients and the turns.
 *
 * <p>Thread-safe. One lock owns everything that changes; it is held over an append to the journal,
 * and over no other wait. What reads the output reads the journal, on threads of its own.
 */
public final class Session {
  private final SessionLock lock;
  private final Shared shared;
  private final SessionKey key;
  private final String owner;
  private final Journal journal;
  private final Ledger ledger;
  private final SessionLog log;
  private final InputGate gate;
  private final Sizes sizes = new Sizes();
  private final ScreenFollower screen;
  private final SessionProcess process;

  /**
   * A session without a process.
   *
   * @param changes where its tenant's watchers are told of it
   * @param fold all of the journal
   * @param env the variables that the caller set
   * @param notes of the run of its process before a restart
   * @param settings what it was created with, and what has become of it
   */
  Session(
      Shared shared,
      SessionKey key,
      Journal journal,
      ChangeLog changes,
      Fold fold,
      Map<String, String> env,
      RunNotes notes,
      SessionOrBuilder settings) {
    this.shared = shared;
    this.key = key;
    this.owner = settings.getOwner();
    this.journal = journal;
    this.ledger = shared.ledgers().of(key.tenant());
    this.lock = new SessionLock(key.text(), shared.metrics()::heldBack);
    this.log =
        new SessionLog(
            shared,
            this,
            journal,
            changes,
            fold,
            new Redaction(() -> shared.policy().tenant(key.tenant()).secretEnv(), env));
    this.gate = new InputGate(key, shared.settings().maxPendingInput(), shared.metrics()::notTaken);
    final TurnHost host = new TurnHost(shared.clock(), log, gate);
    this.screen =
        new ScreenFollower(
            key, journal, () -> lock.locked(() -> fold().session().getSize()), ScreenFollower.KEPT);
    this.process =
        new SessionProcess(
            shared, key, journal, env, notes, lock, log, gate, host, settings, sizes, screen);
  }

  /** The session's id, one of its tenant's own. */
  public String id() {
    return key.id();
  }

  /** Whose it is: the subject of whoever created it; empty when it is nobody's. */
  public String owner() {
    return owner;
  }

  /** What it is called inside the server. */
  SessionKey key() {
    return key;
  }

  /** The session's events, for readers. */
  public Journal journal() {
    return journal;
  }

  /** Whether it has no process and its last event is in the journal. */
  public boolean isOver() {
    return process.isOver();
  }

  /** Whether it is in this run, which has not ended. Never waits. */
  boolean isInRun(int run) {
    return log.run() == run && !isOver();
  }

  /** The session as clients see it now. */
  public dev.cleat.v1.Session view() {
    return lock.locked(this::viewNow);
  }

  /** Likewise; empty while a start or a halt of its process takes longer than it should. */
  Optional<dev.cleat.v1.Session> viewUnlessSlow() {
    return lock.unlessSlow(this::viewNow);
  }

  private dev.cleat.v1.Session viewNow() {
    final dev.cleat.v1.Session.Builder view = log.view().setClientCount(sizes.count());
    if (process.turns() instanceof AgentTurns agent) {
      agent.lastTick().ifPresent(view::setTick);
    }
    return view.build();
  }

  /** The media files that its tool has named. */
  public Artifacts artifacts() {
    return process.artifacts();
  }

  private Fold fold() {
    return log.fold();
  }

  /** Its process, for those who start and end sessions. */
  SessionProcess process() {
    return process;
  }

  /** Writes the first event, and with it the turns that begin by themselves. */
  void created(dev.cleat.v1.Session settings, List<Turn> first) {
    lock.locked(() -> {
      writeBeginning(settings, first);
      process.turns().restore(fold().openTurns());
    });
  }

  /**
   * Writes of its beginning what is not in its journal: the server was killed before it was
   * written, or while it was.
   */
  void writeBeginning(dev.cleat.v1.Session settings, List<Turn> first) {
    lock.locked(() -> {
      // Each of these turns has two events.
      if (fold().seq() > 2L * first.size()) {
        return;
      }
      final List<Event.Builder> events = new ArrayList<>();
      if (fold().seq() == 0) {
        events.add(Events.created(settings));
      }
      for (Turn turn : first) {
        if (turn.getNumber() > fold().session().getTurnCount()) {
          events.add(Events.turn(turn));
          events.add(Events.turn(turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build()));
        }
      }
      if (!events.isEmpty()) {
        log.append(events);
      }
    });
  }

  /**
   * Its journal had more than the store.
   *
   * @param untold what those who watch its tenant's sessions may not have been told; null if
   *     nothing
   */
  void readBack(@Nullable SessionChangeKind untold) {
    lock.locked(() -> log.readBack(untold));
  }

  /**
   * Ends the process.
   *
   * @param reason in words for a person; may be empty
   * @return done when the exit is in the journal
   */
  public CompletableFuture<Void> stop(Duration grace, String reason) {
    return process.stop(grace, reason);
  }

  /** Halts the processes. */
  public void pause() {
    process.pause();
  }

  /** Lets the processes go on. */
  public void resume() {
    process.resume();
  }

  /** Interrupts what runs in the foreground. */
  public void interrupt() {
    process.interrupt();
  }

  /** Sets the terminal's size, whatever the policy. */
  public void resize(TerminalSize size) {
    process.resize(size);
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

  // Clients, input and size.

  /**
   * A client comes.
   *
   * @throws Refusal TOO_MANY_CLIENTS, QUOTA_EXCEEDED
   */
  public Client attach(AttachOpen open, Client.Listener listener) {
    return lock.locked(() -> {
      final int limit = shared.settings().maxClients();
      if (sizes.count() >= limit) {
        throw Refusal.tooManyClients(id(), limit);
      }
      ledger.attach();
      final TerminalSize size = open.hasSize() ? open.getSize() : null;
      final Client client =
          new Client(this, gate, open.getReadOnly(), open.getWriterId(), size, listener);
      sizes.add(client);
      process.applySize();
      return client;
    });
  }

  void detach(Client client) {
    lock.locked(() -> {
      if (sizes.remove(client)) {
        ledger.detach();
      }
      process.applySize();
    });
  }

  /**
   * Gives the terminal the size that its clients want now. Never waits: where the lock is taken,
   * which may be for as long as a process takes to start, it is done soon.
   *
   * @param soon runs when it has been done soon
   * @return whether it has been done
   */
  boolean sizesChanged(Runnable soon) {
    final boolean done = lock.tryLocked(process::applySize);
    if (!done) {
      Thread.ofVirtual()
          .name("cleat-size-" + key)
          .start(() -> {
            try {
              lock.locked(process::applySize);
            } finally {
              soon.run();
            }
          });
    }
    return done;
  }

  /** Refuses input where the process is talked to in a protocol. Never waits. */
  void refuseTyping() {
    if (process.isProtocol()) {
      throw Refusal.wrongState(
          id(), process.stateName(), "its agent takes prompts and no input; use SendPrompt");
    }
  }

  /** How long a client that has typed so much should wait with more, in nanoseconds. */
  long typed(long bytes) {
    return ledger.typed(bytes);
  }

  /** Whether it is known to be the writer that typed or resized last. */
  boolean isLatest(Client client) {
    return sizes.isLatest(client);
  }

  /** It types or resizes. See {@link #sizesChanged}. */
  boolean activeBy(Client client, Runnable soon) {
    sizes.active(client);
    return sizesChanged(soon);
  }

  /**
   * Types.
   *
   * @param writerId empty for input without a number
   * @return heard when the terminal has taken it: the newest number of the writer that was applied,
   *     0 without a number; empty where it was {@linkplain #discarded thrown away}
   * @throws Refusal WRONG_STATE, INPUT_HOLE, INPUT_FULL, QUOTA_EXCEEDED
   */
  public CompletableFuture<OptionalLong> type(String writerId, long inputSeq, ByteString data) {
    refuseTyping();
    lock.locked(() -> {
      final Run _ = process.running("type into");
    });
    final CompletableFuture<OptionalLong> taken = new CompletableFuture<>();
    final InputGate.Done done =
        (settled, discarded) ->
            taken.complete(discarded ? OptionalLong.empty() : OptionalLong.of(settled));
    gate.refuseWhenFull();
    ledger.refuseInput(data.size());
    if (writerId.isEmpty()) {
      gate.input(data, done);
    } else {
      gate.takeBack(writerId, inputSeq);
      gate.input(writerId, inputSeq, data, done);
    }
    return taken;
  }

  /** WRONG_STATE: there is no process any more for what was typed. */
  public Refusal discarded() {
    return Refusal.wrongState(
        id(), process.stateName(), "the process ended before it took the input");
  }

  /**
   * What its terminal shows: everything up to a number, or a little more, drawn. May wait for the
   * drawing, and keeps what was drawn when the patience is over.
   *
   * @param styles with the styles of the lines
   * @param restore with what draws it again
   * @return empty when it has not been drawn in time: ask again
   * @throws Refusal NO_SCREEN, or SESSION_NOT_FOUND when it was deleted meanwhile
   */
  public Optional<Screen> screen(long seq, boolean styles, boolean restore, Duration patience)
      throws InterruptedException {
    requireScreen();
    return screen.poll(
        seq,
        patience,
        drawn ->
            drawn
                .screen()
                .picture(styles, restore)
                .setSeq(drawn.seq())
                .setEpoch(journal.epoch())
                .setOutputOffset(drawn.outputOffset())
                .setIncomplete(drawn.incomplete())
                .build());
  }

  /**
   * Refuses where there is no terminal.
   *
   * @throws Refusal NO_SCREEN
   */
  public void requireScreen() {
    if (process.isProtocol()
        || lock.locked(() -> fold().session().getMode()) == SessionMode.SESSION_MODE_PIPES) {
      throw Refusal.noScreen(id());
    }
    if (!ScreenDrawing.isDrawn(lock.locked(() -> fold().session().getSize()))) {
      throw Refusal.screenTooLarge(id(), ScreenDrawing.MOST_CELLS);
    }
  }

  // Turns.

  /** See {@link Prompts}, which makes it safe to retry. */
  Turn prompt(Turn turn, List<Image> images, boolean refuseWhenBusy) {
    return lock.locked(() -> {
      refusePrompt(turn, images);
      process.revive();
      if (!process.isThere() || fold().state() == SessionState.SESSION_STATE_STOPPING) {
        throw Refusal.wrongState(
            id(),
            process.stateName(),
            "cannot prompt a session that is " + process.stateName() + "; restart it first");
      }
      process.turns().check(turn, images, fold().session().getTool(), refuseWhenBusy);
      final Turn accepted =
          process
              .turns()
              .accept(
                  turn.toBuilder()
                      .setNumber(fold().session().getTurnCount() + 1)
                      .setCreateTime(Times.timestamp(shared.clock().instant()))
                      .build(),
                  images);
      if (process.turns() instanceof AgentTurns) {
        process.wakeTracker();
      }
      return accepted;
    });
  }

  private void refusePrompt(Turn turn, List<Image> images) {
    ledger.refuseWhenFull();
    ledger.refuseInput(
        turn.getPromptBytes().size()
            + images.stream().mapToLong(image -> image.getData().size()).sum());
  }

  /**
   * Answers a question of the agent. The first answer counts.
   *
   * @throws Refusal APPROVAL_NOT_FOUND, APPROVAL_RESOLVED, INVALID_REQUEST
   */
  public Approval resolve(
      String approvalId, ApprovalDecision decision, String optionId, Signature by) {
    final Optional<Approval> decided =
        lock.locked(() ->
            process.turns() instanceof AgentTurns agent
                ? agent.resolve(approvalId, decision, optionId, by)
                : Optional.empty());
    lock.locked(process::wakeTracker);
    return decided.orElseThrow(() -> DecidedApprovals.refusal(id(), journal, approvalId));
  }

  /** A turn, if it is open or was open a moment ago. */
  Optional<Turn> recentTurn(String turnId) {
    return lock.locked(() -> Optional.ofNullable(fold().turn(turnId)));
  }

  /** The turn of a request, likewise. */
  Optional<Turn> recentlyRequested(String requestId) {
    return lock.locked(() -> fold().requested(requestId));
  }

  /** Writes down what was added to the usage of a turn that has ended. */
  void usageAdded(Turn turn) {
    ledger.refuseWhenFull();
    lock.locked(() -> log.append(List.of(Events.usageAdded(turn))));
  }

  /** Cancels a turn if it is open; what {@link #recentTurn} says otherwise. */
  Optional<Turn> cancel(String turnId) {
    return lock.locked(() -> {
      final Turn turn = fold().turn(turnId);
      if (turn == null || Fold.ended(turn.getState())) {
        return Optional.ofNullable(turn);
      }
      final Turn cancelled = process.turns().cancel(turnId);
      process.wakeTracker();
      return Optional.of(cancelled.toBuilder().setPrompt(turn.getPrompt()).build());
    });
  }

  // Settings, saving and the end.

  /** Sets fields, by their names in the contract. */
  void update(dev.cleat.v1.Session values, List<String> fields) {
    ledger.refuseWhenFull();
    lock.locked(() -> {
      if (fields.contains("agent_mode")) {
        Modes.check(fold().session(), values.getAgentMode());
      }
      if (fields.contains("role")) {
        Starter.checkRole(shared, fold().session(), values.getRole());
      }
      final dev.cleat.v1.Session.Builder changed = fold().snapshot();
      fields.forEach(field -> Settings.copy(field, values, changed));
      log.append(List.of(Events.updated(changed.build(), fields)));
      journal.retain(Retentions.of(shared.settings().journal().retention(), fold().session()));
      process.applySize();
    });
  }

  /**
   * Hands over what is to be saved now, which is nothing when it has been deleted; false while a
   * start or a halt of its process takes longer than it should.
   */
  boolean unsaved(Consumer<Saver.Unsaved> saver) {
    return lock.unlessSlow(
            () -> {
              log.unsaved(process.notes()).ifPresent(saver);
              return true;
            })
        .isPresent();
  }

  /** It has been saved; false if that could not be noted yet, and it is to be saved again. */
  boolean saved(Saver.Unsaved what) {
    return lock.unlessSlow(
            () -> {
              log.saved(what);
              return true;
            })
        .isPresent();
  }

  /**
   * Does something with it, unless a start or a halt of its process takes longer than it should:
   * empty then. For whoever works for all sessions.
   */
  <T> Optional<T> unlessSlow(Supplier<T> step) {
    return lock.unlessSlow(step);
  }

  /** Likewise, and waits so long. */
  <T> Optional<T> within(Duration patience, Supplier<T> step) {
    return lock.within(patience, step);
  }

  /** When something last happened that keeps it from being idle; empty while something goes on. */
  Optional<Instant> idleSince() {
    return lock.locked(() -> {
      if (!process.isThere() || sizes.count() > 0 || !process.turns().currentId().isEmpty()) {
        return Optional.empty();
      }
      final Instant last = Times.instant(fold().snapshot().getLastActivityTime());
      final Instant typed = shared.clock().instant().minus(gate.sinceClientInput());
      return Optional.of(gate.clientInputs() > 0 && typed.isAfter(last) ? typed : last);
    });
  }

  /** Whether a turn of its process runs or waits. */
  boolean hasTurns() {
    return lock.locked(() -> process.isThere() && !process.turns().isEmpty());
  }

  /** Looks at it once more before it is deleted; what comes back tells its watchers of that. */
  Runnable farewell() {
    final dev.cleat.v1.Session last = view();
    return () -> lock.locked(() -> log.deleted(last));
  }

  /** The server gives up on it: what could not be written is not tried again. */
  void abandon() {
    lock.abandon();
  }
}
