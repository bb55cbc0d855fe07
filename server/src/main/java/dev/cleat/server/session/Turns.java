package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.terminal.Foreground;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The turns of a session: one at a time, the others in a queue. It is told what the {@link Tracker}
 * finds in the output, and decides when a prompt may be typed and when a turn has ended. What it
 * decides it appends to the journal first and believes afterwards, so that a step that failed for
 * want of disk can be taken again.
 *
 * <p>Confined to the session's lock.
 */
final class Turns {
  /**
   * How long an interrupt may take before the foreground processes are killed, and the kill before
   * the turn is given up.
   */
  static final Duration ESCALATION = Duration.ofSeconds(3);

  /** How long after a client has typed its echo must have come, if the shell is at its prompt. */
  static final Duration ECHO = Duration.ofMillis(200);

  /** What the turns need of their session. */
  interface Host {
    Instant now();

    /** Appends events in one step; the number of the first. */
    long append(List<Event.Builder> events);

    /** Types a prompt unless a client has typed since; see {@link InputGate#type}. */
    boolean type(byte[] prompt, long seenInputs);

    long clientInputs();

    /** How long ago a client typed last. */
    Duration sinceClientInput();

    void interrupt();

    void killForeground();

    Foreground foreground();

    long outputBytes();

    long headSeq();
  }

  /** Why a turn is being ended from outside. */
  private enum Cause {
    NONE,
    CANCELLED,
    TIMEOUT,
    INCOMPLETE
  }

  /** The turn that the tool has. */
  private static final class Current {
    private Turn turn;
    private final Preview preview = new Preview();
    private final @Nullable Instant deadline;
    private Cause cause = Cause.NONE;
    private @Nullable Instant escalateAt;
    private boolean killed;

    Current(Turn turn, @Nullable Instant deadline) {
      this.turn = turn;
      this.deadline = deadline;
    }

    boolean running() {
      return turn.getState() == TurnState.TURN_STATE_RUNNING;
    }
  }

  private final Host host;
  private final String sessionId;
  private final int queueLimit;
  private final ArrayDeque<Turn> queue = new ArrayDeque<>(2);
  private @Nullable Current current;
  private Prompting prompting = Prompting.NONE;
  private Readiness readiness;

  Turns(Host host, String sessionId, int queueLimit) {
    this.host = host;
    this.sessionId = sessionId;
    this.queueLimit = queueLimit;
    this.readiness = new Readiness(host);
  }

  /** Turns that were open when the journal was read again. */
  void restore(List<Turn> open) {
    for (Turn turn : open) {
      switch (turn.getState()) {
        case TURN_STATE_SUBMITTED, TURN_STATE_RUNNING -> current = new Current(turn, null);
        default -> queue.add(turn);
      }
    }
  }

  /** A process has been started. */
  void started(Prompting style) {
    prompting = style;
    readiness = new Readiness(host);
  }

  Prompting prompting() {
    return prompting;
  }

  /** The id of the turn that the tool has; empty when it has none. */
  String currentId() {
    return current == null ? "" : current.turn.getId();
  }

  /**
   * @throws Refusal BUSY when a turn is under way
   */
  void refuseWhenBusy() {
    if (current != null || !queue.isEmpty()) {
      final String id = current != null ? currentId() : queue.getFirst().getId();
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_BUSY,
              "turn " + id + " is under way; wait for it, cancel it, or queue behind it")
          .with("session_id", sessionId)
          .with("turn_id", id);
    }
  }

  /**
   * @throws Refusal QUEUE_FULL
   */
  void refuseWhenFull() {
    final boolean waits = current != null || !queue.isEmpty() || !ready();
    if (waits && queue.size() >= queueLimit) {
      throw Refusal.of(
              Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_QUEUE_FULL,
              queueLimit + " turns wait already; wait for one to end")
          .with("session_id", sessionId)
          .with("limit", queueLimit)
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  /**
   * Takes a turn in, with the state ACCEPTED, and hands it to the tool as soon as that is ready.
   */
  Turn accept(Turn turn) {
    final boolean next = current == null && queue.isEmpty() && ready();
    final List<Event.Builder> events = new ArrayList<>(List.of(Events.turn(turn)));
    final Turn queued = turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build();
    if (!next) {
      events.add(Events.turn(queued));
    }
    host.append(events);
    queue.add(next ? turn : queued);
    submitNext();
    return current != null && current.turn.getId().equals(turn.getId())
        ? current.turn
        : queue.getLast();
  }

  /**
   * Cancels a turn that has not ended.
   *
   * @return the turn as it is now
   */
  Turn cancel(String turnId) {
    final Current running = current;
    if (running != null && running.turn.getId().equals(turnId)) {
      end(running, Cause.CANCELLED);
      return running.turn;
    }
    for (Turn waiting : queue) {
      if (waiting.getId().equals(turnId)) {
        final Turn cancelled =
            ended(waiting, TurnState.TURN_STATE_CANCELLED, TurnEndReason.TURN_END_REASON_CANCELLED)
                .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_CALL)
                .build();
        host.append(List.of(Events.turn(cancelled)));
        queue.remove(waiting);
        return cancelled;
      }
    }
    throw new IllegalArgumentException("turn " + turnId + " is not open");
  }

  private void end(Current turn, Cause cause) {
    if (turn.cause == Cause.NONE) {
      turn.cause = cause;
      turn.escalateAt = host.now().plus(ESCALATION);
      host.interrupt();
    }
  }

  private boolean ready() {
    return switch (prompting.kind()) {
      case MARKS -> readiness.atPrompt();
      case STILLNESS -> readiness.still();
      case NONE -> false;
    };
  }

  /** Hands the next turn to the tool, if it is ready for one. */
  private void submitNext() {
    if (current != null || queue.isEmpty() || !ready()) {
      return;
    }
    final Turn next = queue.getFirst();
    final long inputs = host.clientInputs();
    final Instant now = host.now();
    final Turn submitted =
        next.toBuilder()
            .setState(TurnState.TURN_STATE_SUBMITTED)
            .setOutputStartOffset(host.outputBytes())
            .setFirstSeq(host.headSeq() + 2)
            .build();
    // Written down before it is typed: after a crash in between, what was not typed is uncertain,
    // and never the other way round.
    host.append(List.of(Events.turn(submitted)));
    queue.removeFirst();
    final @Nullable Instant deadline =
        next.hasTimeout() ? now.plus(Times.duration(next.getTimeout())) : null;
    final Current handed = new Current(submitted, deadline);
    current = handed;
    readiness.submitted();
    if (!host.type(prompting.encode(next.getPrompt()), inputs)) {
      // A client typed in the same instant. Nothing of the prompt has been typed, so it can wait
      // again.
      requeue(handed);
    }
  }

  private void requeue(Current handed) {
    final Turn queued = handed.turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build();
    host.append(List.of(Events.turn(queued)));
    queue.addFirst(queued);
    current = null;
    readiness.clientTyped();
  }

  /** The shell is at a prompt. */
  void promptShown(long endOffset, long seq) {
    final boolean idle = current == null;
    if (idle && !readiness.shownAlready()) {
      host.append(
          List.of(
              Events.promptShown(endOffset),
              Events.idle(EvidenceSource.EVIDENCE_SOURCE_MARKS, seq)));
    } else if (!readiness.shownAlready()) {
      host.append(List.of(Events.promptShown(endOffset)));
    }
    readiness.promptShown(endOffset);
    submitNext();
  }

  /** The shell asks for the rest of a command. */
  void continuationShown() {
    final Current turn = current;
    if (turn != null) {
      end(turn, Cause.INCOMPLETE);
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
    final Current turn = current;
    final List<Event.Builder> events = new ArrayList<>();
    events.add(Events.commandStarted(at.offset(), currentId()));
    events.add(Events.busy(EvidenceSource.EVIDENCE_SOURCE_MARKS, at.seq()));
    if (turn == null) {
      host.append(events);
    } else {
      final Turn running = turn.running() ? turn.turn : running(turn.turn, at);
      events.add(Events.turn(running));
      host.append(events);
      turn.turn = running;
    }
    readiness.commandStarted(at);
  }

  private static Turn running(Turn turn, Evidence at) {
    return turn.toBuilder()
        .setState(TurnState.TURN_STATE_RUNNING)
        .setStartTime(Times.timestamp(at.time()))
        .setOutputStartOffset(at.offset())
        .setFirstSeq(at.seq())
        .build();
  }

  /**
   * The shell is done with what was typed.
   *
   * @param code the exit code it reports
   * @param at where the output of the command ends
   */
  void commandEnded(int code, Evidence at) {
    final Evidence start = readiness.command();
    final Current turn = current;
    final List<Event.Builder> events = new ArrayList<>();
    if (start != null) {
      final String id = turn != null && turn.running() ? turn.turn.getId() : "";
      events.add(Events.commandEnded(code, start, at, id));
    }
    if (turn != null) {
      final Turn.Builder ending =
          turn.running() ? turn.turn.toBuilder() : running(turn.turn, at).toBuilder();
      events.add(
          Events.turn(
              finish(
                  turn,
                  ending
                      .setExit(Exit.newBuilder().setCode(code))
                      .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_MARKS),
                  at)));
    }
    if (!events.isEmpty()) {
      host.append(events);
    }
    current = null;
    readiness.commandEnded();
  }

  private static Turn finish(Current turn, Turn.Builder ending, Evidence at) {
    final boolean zero =
        !ending.hasExit() || (ending.getExit().hasCode() && ending.getExit().getCode() == 0);
    switch (turn.cause) {
      case NONE ->
          ending
              .setState(zero ? TurnState.TURN_STATE_SUCCEEDED : TurnState.TURN_STATE_FAILED)
              .setEndReason(
                  zero
                      ? TurnEndReason.TURN_END_REASON_UNSPECIFIED
                      : TurnEndReason.TURN_END_REASON_EXIT_CODE);
      case CANCELLED ->
          ending
              .setState(TurnState.TURN_STATE_CANCELLED)
              .setEndReason(TurnEndReason.TURN_END_REASON_CANCELLED);
      case TIMEOUT ->
          ending
              .setState(TurnState.TURN_STATE_TIMED_OUT)
              .setEndReason(TurnEndReason.TURN_END_REASON_TIMEOUT);
      case INCOMPLETE ->
          ending
              .setState(TurnState.TURN_STATE_FAILED)
              .setEndReason(TurnEndReason.TURN_END_REASON_INCOMPLETE_COMMAND)
              .setStatusMessage("the prompt is not a whole command: a quote or a bracket is open");
    }
    ending
        .setEndTime(Times.timestamp(at.time()))
        .setOutputEndOffset(Math.max(at.offset(), ending.getOutputStartOffset()))
        .setLastSeq(Math.max(at.seq(), ending.getFirstSeq()))
        .setOutputPreview(turn.preview.text());
    if (ending.hasStartTime()) {
      ending.setDuration(
          Times.duration(Duration.between(Times.instant(ending.getStartTime()), at.time())));
    }
    return ending.build();
  }

  private Turn.Builder ended(Turn turn, TurnState state, TurnEndReason reason) {
    return turn.toBuilder()
        .setState(state)
        .setEndReason(reason)
        .setEndTime(Times.timestamp(host.now()));
  }

  /** The tool printed something that is not a mark. */
  void printed(byte[] bytes, int from, int count, Evidence first) {
    final Current turn = current;
    readiness.printed(first.time());
    if (turn == null) {
      return;
    }
    if (prompting.kind() == Prompting.Kind.STILLNESS && !turn.running()) {
      final Turn running =
          running(turn.turn, first).toBuilder()
              .setOutputStartOffset(turn.turn.getOutputStartOffset())
              .build();
      host.append(
          List.of(
              Events.turn(running),
              Events.busy(EvidenceSource.EVIDENCE_SOURCE_STILLNESS, first.seq())));
      turn.turn = running;
    }
    if (turn.running()) {
      turn.preview.feed(bytes, from, count);
    }
  }

  /**
   * Does what is due by now.
   *
   * @return when to come again at the latest, or null when nothing waits for time to pass
   */
  @Nullable Instant tick() {
    final Instant now = host.now();
    final Current turn = current;
    if (turn != null) {
      limit(turn, now);
    }
    if (prompting.kind() == Prompting.Kind.STILLNESS) {
      judgeStillness(now);
    }
    submitNext();
    return nextTick(now);
  }

  private void limit(Current turn, Instant now) {
    if (turn.cause == Cause.NONE && turn.deadline != null && !now.isBefore(turn.deadline)) {
      end(turn, Cause.TIMEOUT);
    }
    if (turn.escalateAt == null || now.isBefore(turn.escalateAt)) {
      return;
    }
    if (!turn.killed) {
      host.killForeground();
      turn.killed = true;
      turn.escalateAt = now.plus(ESCALATION);
      return;
    }
    final Evidence here = new Evidence(host.outputBytes(), host.headSeq(), now);
    final Turn stuck =
        finish(turn, turn.turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_CALL), here)
            .toBuilder()
            .setEndReason(TurnEndReason.TURN_END_REASON_TOOL_STUCK)
            .setStatusMessage("the tool did not come back after an interrupt and a kill")
            .build();
    host.append(List.of(Events.turn(stuck)));
    current = null;
  }

  private void judgeStillness(Instant now) {
    readiness.judge(now, prompting.stillness());
    final Current turn = current;
    if (turn == null || !readiness.still()) {
      return;
    }
    final Evidence here = new Evidence(host.outputBytes(), host.headSeq(), now);
    final Turn.Builder ending =
        turn.turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_STILLNESS);
    host.append(
        List.of(
            Events.turn(finish(turn, ending, here)),
            Events.idle(EvidenceSource.EVIDENCE_SOURCE_STILLNESS, here.seq())));
    current = null;
  }

  private @Nullable Instant nextTick(Instant now) {
    @Nullable Instant next = null;
    final Current turn = current;
    if (turn != null) {
      next = earlier(turn.cause == Cause.NONE ? turn.deadline : null, turn.escalateAt);
    }
    if (turn != null || !queue.isEmpty()) {
      next = earlier(next, readiness.nextLook(now, prompting));
    }
    return next;
  }

  private static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
    if (a == null) {
      return b;
    }
    return b == null || a.isBefore(b) ? a : b;
  }

  /**
   * The process has ended, and all it printed has been looked at: the events that end its turns.
   */
  List<Event.Builder> sessionEnded(@Nullable Exit exit) {
    final List<Event.Builder> events = new ArrayList<>();
    final Current turn = current;
    if (turn != null) {
      final Evidence here = new Evidence(host.outputBytes(), host.headSeq(), host.now());
      events.add(Events.turn(endedWithSession(turn, exit, here)));
    }
    for (Turn waiting : queue) {
      events.add(
          Events.turn(
              ended(
                      waiting,
                      TurnState.TURN_STATE_FAILED,
                      TurnEndReason.TURN_END_REASON_SESSION_ENDED)
                  .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_PROCESS)
                  .setStatusMessage("the session ended before the prompt was handed to its tool")
                  .build()));
    }
    return events;
  }

  private static Turn endedWithSession(Current turn, @Nullable Exit exit, Evidence here) {
    final Turn.Builder ending =
        turn.turn.toBuilder().setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_PROCESS);
    if (exit != null) {
      ending.setExit(exit);
    }
    final Turn finished = finish(turn, ending, here);
    if (!turn.running() && turn.cause == Cause.NONE) {
      return finished.toBuilder()
          .setState(TurnState.TURN_STATE_UNCERTAIN)
          .setEndReason(TurnEndReason.TURN_END_REASON_SESSION_ENDED)
          .setStatusMessage("the session ended before its tool said that it began")
          .build();
    }
    if (finished.getState() != TurnState.TURN_STATE_FAILED || turn.cause != Cause.NONE) {
      return finished;
    }
    return finished.toBuilder()
        .setEndReason(TurnEndReason.TURN_END_REASON_SESSION_ENDED)
        .setStatusMessage("the session's process ended with the turn")
        .build();
  }

  /** The events that end the turns of a session whose process was lost with its server. */
  List<Event.Builder> sessionLost() {
    final List<Event.Builder> events = new ArrayList<>();
    if (current != null) {
      events.add(
          Events.turn(
              ended(
                      current.turn,
                      TurnState.TURN_STATE_UNCERTAIN,
                      TurnEndReason.TURN_END_REASON_SESSION_LOST)
                  .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_PROCESS)
                  .setStatusMessage("the server went down while the turn was with its tool")
                  .build()));
    }
    for (Turn waiting : queue) {
      events.add(
          Events.turn(
              ended(
                      waiting,
                      TurnState.TURN_STATE_FAILED,
                      TurnEndReason.TURN_END_REASON_SESSION_LOST)
                  .setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_PROCESS)
                  .setStatusMessage("the server went down before the prompt was handed to the tool")
                  .build()));
    }
    return events;
  }

  /** The events of {@link #sessionEnded} or {@link #sessionLost} have been appended. */
  void clear() {
    current = null;
    queue.clear();
    prompting = Prompting.NONE;
    readiness = new Readiness(host);
  }
}
