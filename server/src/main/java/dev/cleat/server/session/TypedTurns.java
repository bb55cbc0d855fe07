package dev.cleat.server.session;

import dev.cleat.server.terminal.Foreground;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Image;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Turns that are typed into a terminal, or written to a pipe. It is told what the {@link Tracker}
 * finds in the output, and decides when a prompt may be typed and when a turn has ended.
 *
 * <p>Confined to the session's lock.
 */
final class TypedTurns implements Turns {

  /** What the turns need of their session. */
  interface Host {
    Instant now();

    /** Appends events in one step; the number of the first. */
    long append(List<Event.Builder> events);

    /** Types unless a client has typed since; see {@link InputGate#type}. */
    InputGate.Typed type(byte[] bytes, long seenInputs);

    long clientInputs();

    /** How long ago a client typed last. */
    Duration sinceClientInput();

    void interrupt();

    void killForeground();

    Foreground foreground();

    /** Whether its processes are halted. */
    boolean isPaused();

    /** Whether a prompt may be handed over: its processes are neither halted nor being ended. */
    boolean mayBePrompted();

    long outputBytes();

    long headSeq();
  }

  private final Host host;
  private final String sessionId;
  private final TurnQueue queue;
  private @Nullable CurrentTurn current;
  private @Nullable Interrupts interrupts;
  private Prompting prompting = Prompting.NONE;
  private Readiness readiness;

  TypedTurns(Host host, String sessionId, int queueLimit, Ledger ledger) {
    this.host = host;
    this.sessionId = sessionId;
    this.queue = new TurnQueue(sessionId, queueLimit, ledger);
    this.readiness = new Readiness(host, Duration.ZERO);
  }

  @Override
  public void restore(List<Turn> open) {
    for (Turn turn : open) {
      switch (turn.getState()) {
        case TURN_STATE_SUBMITTED, TURN_STATE_RUNNING -> current = new CurrentTurn(turn, null);
        default -> queue.add(turn);
      }
    }
    readiness.restored();
  }

  /** A process has been started. */
  void started(Prompting style) {
    prompting = style;
    readiness = new Readiness(host, style.stillness());
  }

  @Override
  public String currentId() {
    return current == null ? "" : current.id();
  }

  @Override
  public boolean isEmpty() {
    return current == null && queue.isEmpty();
  }

  @Override
  public void check(Turn turn, List<Image> images, String tool, boolean refuseWhenBusy) {
    if (prompting.kind() == Prompting.Kind.NONE) {
      throw Refusal.noPrompts(tool).with("session_id", sessionId);
    }
    if (!images.isEmpty()) {
      throw Refusal.noImages(sessionId, tool);
    }
    prompting.check(turn.getPrompt());
    queue.check(currentId(), ready(), refuseWhenBusy);
  }

  @Override
  public Turn accept(Turn turn, List<Image> images) {
    final boolean next = current == null && queue.isEmpty() && ready();
    final Turn queued = turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build();
    host.append(
        next ? List.of(Events.turn(turn)) : List.of(Events.turn(turn), Events.turn(queued)));
    final Turn taken = next ? turn : queued;
    queue.add(taken);
    try {
      submitNext();
    } catch (Refusal e) {
      // It has been accepted; the tracker hands it over when there is room again.
      return taken;
    }
    return current != null && current.id().equals(turn.getId()) ? current.turn() : taken;
  }

  @Override
  public Turn cancel(String turnId) {
    final CurrentTurn running = current;
    if (running != null && running.id().equals(turnId)) {
      end(running, CurrentTurn.Cause.CANCELLED);
      return running.turn();
    }
    final Turn waiting =
        queue
            .find(turnId)
            .orElseThrow(() -> new IllegalArgumentException("turn " + turnId + " is not open"));
    final Turn cancelled = TurnQueue.cancelled(waiting, host.now());
    host.append(List.of(Events.turn(cancelled)));
    queue.remove(waiting);
    return cancelled;
  }

  private void end(CurrentTurn turn, CurrentTurn.Cause cause) {
    turn.end(cause);
    if (interrupts == null) {
      interrupts = new Interrupts(host);
      readiness.interrupted();
    }
  }

  @Override
  public void interrupted() {
    readiness.interrupted();
  }

  private boolean ready() {
    return ready(host.clientInputs());
  }

  private boolean ready(long inputs) {
    if (!host.mayBePrompted()) {
      return false;
    }
    final boolean ready =
        switch (prompting.kind()) {
          case MARKS -> readiness.atPrompt(inputs);
          case STILLNESS -> readiness.still(inputs);
          case NONE -> false;
        };
    // What has ended since it was found so takes nothing any more, though its end is told later.
    return ready && host.foreground() != Foreground.GONE;
  }

  /** Hands the next turn to the tool, if it is ready for one. */
  private void submitNext() {
    if (current != null || queue.isEmpty() || !host.mayBePrompted()) {
      return;
    }
    // Before anything is looked at: what is typed from here on is not known to what is decided.
    final long inputs = host.clientInputs();
    readiness.showAnotherPrompt(inputs);
    if (!ready(inputs)) {
      return;
    }
    final Turn next = queue.first();
    final Optional<String> unfit = unfit(next);
    if (unfit.isPresent()) {
      host.append(List.of(Events.turn(failed(next, unfit.get()))));
      queue.removeFirst();
      submitNext();
      return;
    }
    final @Nullable Instant deadline =
        next.hasTimeout() ? host.now().plus(Times.duration(next.getTimeout())) : null;
    final Turn submitted =
        next.toBuilder()
            .setState(TurnState.TURN_STATE_SUBMITTED)
            .clearStatusMessage()
            .setOutputStartOffset(host.outputBytes())
            .setFirstSeq(host.headSeq() + 2)
            .build();
    // Written down before it is typed. After a crash in between, what was not typed is called
    // uncertain; the other way round,
    // what was typed would be called waiting.
    host.append(List.of(Events.turn(submitted)));
    queue.removeFirst();
    current = new CurrentTurn(submitted, deadline);
    readiness.submitted(inputs);
    switch (host.type(prompting.encode(next.getPrompt()), inputs)) {
      case TAKEN -> {}
      case CLIENT_TYPED -> {
        // In the same instant. Nothing of the prompt has been typed, so it can wait again.
        final Turn queued = submitted.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build();
        queue.addFirst(queued);
        current = null;
        readiness.notSubmitted();
        host.append(List.of(Events.turn(queued)));
      }
      case CLOSED -> {
        // Until that is written down it waits, and is tried again.
        queue.addFirst(submitted);
        current = null;
        host.append(List.of(Events.turn(failed(submitted, "the program takes no more input"))));
        queue.removeFirst();
      }
    }
  }

  /** Why a turn that was accepted when the session went another way cannot be typed. */
  private Optional<String> unfit(Turn turn) {
    if (turn.getImagesCount() > 0) {
      return Optional.of("no images can go with a prompt that is typed");
    }
    try {
      prompting.check(turn.getPrompt());
      return Optional.empty();
    } catch (Refusal e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private Turn failed(Turn turn, String why) {
    return CurrentTurn.abandoned(
            turn,
            TurnState.TURN_STATE_FAILED,
            TurnEndReason.TURN_END_REASON_NOT_SUBMITTED,
            host.now())
        .setStatusMessage(why)
        .build();
  }

  /** The shell is about to print a prompt. */
  void promptBegun() {
    readiness.promptBegun();
  }

  /**
   * The shell is at a prompt.
   *
   * @param number counts prompts, where the shell does
   */
  void promptShown(Evidence end, OptionalInt number) {
    if (!readiness.isNewPrompt(number)) {
      readiness.promptShown(end.offset(), number);
      return;
    }
    final List<Event.Builder> events = new ArrayList<>();
    final CurrentTurn turn = current;
    if (turn != null) {
      events.add(Events.turn(turn.finishedAtPrompt(end)));
    }
    events.add(Events.promptShown(end.offset()));
    events.add(Events.idle(EvidenceSource.EVIDENCE_SOURCE_MARKS, end.seq()));
    host.append(events);
    ended();
    readiness.promptShown(end.offset(), number);
    submitNext();
  }

  private void ended() {
    current = null;
    interrupts = null;
  }

  /** The shell asks for the rest of a command. */
  void continuationShown() {
    if (current != null) {
      end(current, CurrentTurn.Cause.INCOMPLETE);
    }
  }

  /**
   * The shell begins to run what was typed.
   *
   * @param at where the output of the command begins
   */
  void commandStarted(Evidence at) {
    if (readiness.commandRunning()) {
      // Several commands in one paste: their turn has begun with the first.
      return;
    }
    final CurrentTurn turn = current;
    final List<Event.Builder> events = new ArrayList<>();
    events.add(Events.commandStarted(at.offset(), currentId()));
    events.add(Events.busy(EvidenceSource.EVIDENCE_SOURCE_MARKS, at.seq()));
    if (turn == null || turn.running()) {
      host.append(events);
    } else {
      final Turn begun = turn.begun(at, at.offset());
      events.add(Events.turn(begun));
      host.append(events);
      turn.become(begun);
    }
    readiness.commandStarted(at);
  }

  /**
   * The shell is done with what was typed.
   *
   * @param code the exit code it reports
   * @param at where the output of the command ends
   */
  void commandEnded(int code, Evidence at) {
    final Evidence start = readiness.command();
    final CurrentTurn turn = current;
    if (turn != null && !turn.running()) {
      // Nothing has been said to begin: the next prompt says whether it is this turn that ended.
      turn.reported(code);
    } else {
      final List<Event.Builder> events = new ArrayList<>();
      if (start != null) {
        events.add(Events.commandEnded(code, start, at, currentId()));
      }
      if (turn != null) {
        events.add(Events.turn(turn.finished(code, at)));
      }
      if (!events.isEmpty()) {
        host.append(events);
      }
      ended();
    }
    readiness.commandEnded();
  }

  /** The tool printed something that is not a mark. */
  void printed(byte[] bytes, int from, int count, Evidence first) {
    final CurrentTurn turn = current;
    readiness.printed(first.time());
    if (turn == null) {
      return;
    }
    if (prompting.kind() == Prompting.Kind.STILLNESS && !turn.running()) {
      final Turn begun = turn.begun(first, turn.turn().getOutputStartOffset());
      host.append(
          List.of(
              Events.turn(begun),
              Events.busy(EvidenceSource.EVIDENCE_SOURCE_STILLNESS, first.seq())));
      turn.become(begun);
    }
    turn.printed(bytes, from, count);
  }

  @Override
  public @Nullable Instant tick() {
    final Instant now = host.now();
    if (current != null) {
      limit(current, now);
    }
    switch (prompting.kind()) {
      case MARKS -> {
        if (readiness.isPromptWithoutEnd()) {
          promptShown(here(), OptionalInt.empty());
        }
      }
      case STILLNESS -> judgeStillness();
      case NONE -> {}
    }
    submitNext();
    return nextTick();
  }

  private Evidence here() {
    return new Evidence(host.outputBytes(), host.headSeq(), host.now());
  }

  private void limit(CurrentTurn turn, Instant now) {
    final Instant deadline = turn.deadline();
    if (turn.cause() == CurrentTurn.Cause.NONE && deadline != null && !now.isBefore(deadline)) {
      end(turn, CurrentTurn.Cause.TIMEOUT);
    }
    if (interrupts != null && !interrupts.tick(now)) {
      host.append(List.of(Events.turn(turn.stuck(here()))));
      ended();
    }
  }

  private void judgeStillness() {
    readiness.judgeStillness();
    final CurrentTurn turn = current;
    if (turn != null && readiness.hasSettled()) {
      final Evidence here = here();
      host.append(
          List.of(
              Events.turn(turn.finishedByStillness(here)),
              Events.idle(EvidenceSource.EVIDENCE_SOURCE_STILLNESS, here.seq())));
      ended();
    }
  }

  private @Nullable Instant nextTick() {
    @Nullable Instant next = Interrupts.next(interrupts);
    if (current != null && interrupts == null) {
      next = earlier(next, current.deadline());
    }
    if (!isEmpty()) {
      next = earlier(next, readiness.nextLook(prompting.kind()));
    }
    return next;
  }

  private static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
    if (a == null) {
      return b;
    }
    return b == null || a.isBefore(b) ? a : b;
  }

  @Override
  public List<Event.Builder> sessionEnded(@Nullable Exit exit) {
    final List<Event.Builder> events = new ArrayList<>();
    if (current != null) {
      events.add(Events.turn(current.endedWithSession(exit, here())));
    }
    events.addAll(queue.endedWithSession(host.now()));
    return events;
  }

  @Override
  public List<Event.Builder> sessionLost() {
    final List<Event.Builder> events = new ArrayList<>();
    if (current != null) {
      events.add(Events.turn(current.lostWithSession(host.now())));
    }
    events.addAll(queue.lostWithSession(host.now()));
    return events;
  }

  @Override
  public void clear() {
    ended();
    queue.clear();
    prompting = Prompting.NONE;
    readiness = new Readiness(host, Duration.ZERO);
  }
}
