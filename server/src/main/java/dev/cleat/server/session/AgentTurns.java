package dev.cleat.server.session;

import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.Activity;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Image;
import dev.cleat.v1.Tick;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns of an agent: handed over as data to one that says as data what it does about them, or
 * through its terminal interface.
 *
 * <p>What the agent says is taken in at once by {@link #hear}, and dealt with by {@link #settle},
 * one thing after the other, each in one append: where the disk is full, it is taken up again at
 * the thing that could not be written.
 *
 * <p>Confined to the session's lock.
 */
final class AgentTurns implements Turns {
  private static final Logger LOG = LoggerFactory.getLogger(AgentTurns.class);

  /** In place of what cannot be written down. */
  private static final Outcome LEFT_OUT =
      new Outcome(
          TurnEndReason.TURN_END_REASON_AGENT_ERROR,
          "something that the agent said could not be dealt with and was left out");

  /** How long an agent has to come back from a cancel before its process is ended. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** What a session falls back to where its own way to hand turns over does not start. */
  interface Fallback {
    /**
     * Goes on in the first of the other ways that can be started.
     *
     * @param why the session's own cannot be
     * @param waiting says that the turn waits again; it is written down with the change
     * @return empty if the session goes on, or why none of them can be started either
     * @throws Refusal STORAGE_FULL; nothing has changed then
     */
    Optional<String> goOn(String why, Event.Builder waiting);
  }

  private final TurnHost host;
  private final Fallback fallback;
  private final String sessionId;
  private final TurnQueue queue;
  private final AgentQuestions questions;
  private final ArrayDeque<AgentSaid> heard = new ArrayDeque<>();
  private final Map<String, List<Image>> images = new HashMap<>();
  private boolean takesPrompts = true;
  private @Nullable AgentDriver driver;
  private @Nullable AgentDriver ended;
  private @Nullable CurrentTurn current;
  private @Nullable Instant killAt;

  AgentTurns(TurnHost host, Fallback fallback, String sessionId, int queueLimit, Ledger ledger) {
    this.host = host;
    this.fallback = fallback;
    this.sessionId = sessionId;
    this.queue = new TurnQueue(sessionId, queueLimit, ledger);
    this.questions = new AgentQuestions(host, sessionId);
  }

  /**
   * A process has been started, or can be for each turn.
   *
   * @param with null when it takes no prompts as it was started
   */
  void started(@Nullable AgentDriver with) {
    takesPrompts = with != null;
    ended = null;
    use(with);
  }

  private void use(@Nullable AgentDriver with) {
    driver = with;
    questions.driver(with);
  }

  private EvidenceSource source() {
    return driver == null ? EvidenceSource.EVIDENCE_SOURCE_STRUCTURED : driver.source();
  }

  /** The process has ended: nothing can be handed over any more, but what was said counts. */
  void closing() {
    if (driver != null) {
      // Once: this step is taken again while the disk is full.
      ended = driver;
      use(null);
    }
    settle();
  }

  /** The agent said something. */
  void hear(AgentSaid said) {
    heard.add(said);
  }

  @Override
  public void restore(List<Turn> open) {
    for (Turn turn : open) {
      switch (turn.getState()) {
        case TURN_STATE_SUBMITTED, TURN_STATE_RUNNING -> current = new CurrentTurn(turn, null);
        default -> queue.add(turn);
      }
    }
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
  public void check(Turn turn, List<Image> pictures, String tool, boolean refuseWhenBusy) {
    if (!takesPrompts) {
      throw Refusal.noPrompts(tool).with("session_id", sessionId);
    }
    if (!pictures.isEmpty() && driver != null && !driver.takesImages()) {
      throw Refusal.noImages(sessionId, tool);
    }
    queue.check(currentId(), isReady(), refuseWhenBusy);
  }

  private boolean isReady() {
    return driver != null && driver.isReady() && host.mayBePrompted();
  }

  @Override
  public Turn accept(Turn turn, List<Image> pictures) {
    final boolean next = isEmpty() && isReady();
    final Turn queued = turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build();
    host.append(
        next ? List.of(Events.turn(turn)) : List.of(Events.turn(turn), Events.turn(queued)));
    final Turn taken = next ? turn : queued;
    queue.add(taken);
    if (!pictures.isEmpty()) {
      images.put(turn.getId(), List.copyOf(pictures));
    }
    try {
      submitNext();
    } catch (Refusal e) {
      // It has been accepted; it is handed over when there is room again.
      return taken;
    }
    return current != null && current.id().equals(turn.getId()) ? current.turn() : taken;
  }

  private void submitNext() {
    final AgentDriver target = driver;
    if (current != null || queue.isEmpty() || target == null || !isReady()) {
      return;
    }
    final Turn next = queue.first();
    final Turn submitted =
        next.toBuilder()
            .setState(TurnState.TURN_STATE_SUBMITTED)
            .clearStatusMessage()
            .setOutputStartOffset(host.outputBytes())
            .setFirstSeq(host.headSeq() + 1)
            .build();
    // Written down before it is handed over: after a crash in between it is called uncertain.
    host.append(
        List.of(
            Events.turn(submitted),
            Events.busy(EvidenceSource.EVIDENCE_SOURCE_CALL, host.headSeq() + 1)));
    queue.removeFirst();
    current =
        new CurrentTurn(
            submitted,
            next.hasTimeout() ? host.now().plus(Times.duration(next.getTimeout())) : null);
    final AgentSaid trouble = target.prompt(next, images.getOrDefault(next.getId(), List.of()));
    if (!(trouble instanceof AgentSaid.NotStarted)) {
      images.remove(next.getId());
    }
    if (trouble != null) {
      hear(trouble);
    }
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
    images.remove(turnId);
    return cancelled;
  }

  private void end(CurrentTurn turn, CurrentTurn.Cause cause) {
    if (turn.cause() == CurrentTurn.Cause.NONE) {
      final List<Event.Builder> events = questions.undecided();
      if (!events.isEmpty()) {
        host.append(events);
        questions.forget();
      }
      turn.end(cause);
      interrupted();
    }
  }

  @Override
  public void interrupted() {
    if (current != null && driver != null && killAt == null) {
      killAt = host.now().plus(PATIENCE);
      driver.interrupt();
    }
  }

  /**
   * Presses the key that interrupts what the agent does, with or without a turn.
   *
   * @return false where it has no such key
   */
  boolean interruptByKey() {
    if (!(driver instanceof TerminalDriver terminal)) {
      return false;
    }
    if (current == null) {
      terminal.interrupt();
    }
    return true;
  }

  /** Whether the agent is driven through its terminal interface. */
  boolean isOnTerminal() {
    return driver instanceof TerminalDriver;
  }

  /** The last sign of work on the screen. */
  Optional<Tick> lastTick() {
    return driver instanceof TerminalDriver terminal ? terminal.lastTick() : Optional.empty();
  }

  /** A title without what only shows that the agent works. */
  String titleAtRest(String title) {
    return driver instanceof TerminalDriver terminal ? terminal.titleAtRest(title) : title;
  }

  /** Deals with what has been heard. */
  void settle() {
    while (!heard.isEmpty()) {
      final AgentSaid said = heard.getFirst();
      try {
        settle(said);
      } catch (Refusal e) {
        throw e;
      } catch (RuntimeException e) {
        // Nothing that an agent says may keep its session from going on, or from ending.
        LOG.error("Session {}: what its agent said was left out", sessionId, e);
        leaveOut(said);
      }
      // Going another way may have cleared them.
      heard.pollFirst();
    }
    if (current == null) {
      abandonWaiting();
    }
    submitNext();
  }

  private void settle(AgentSaid said) {
    switch (said) {
      case AgentSaid.Ready() -> host.append(List.of(Events.idle(source(), host.headSeq() + 1)));
      case AgentSaid.Something(Event.Builder event) -> something(event.clone());
      case AgentSaid.Resumable(String token) -> {
        if (!token.equals(host.session().getResumeToken())) {
          host.append(List.of(Events.resumable(token)));
        }
      }
      case AgentSaid.Modes(AgentModes modes, boolean byAgent) -> {
        if (!modes.equals(host.session().getAgentModes())) {
          host.append(List.of(Events.agentMode(modes, byAgent)));
        }
      }
      case AgentSaid.Asked(Approval.Builder approval) -> asked(approval.clone());
      case AgentSaid.NotStarted(String why) -> notStarted(why);
      case AgentSaid.Begun() -> {
        final Turn begun = begun();
        if (begun != null) {
          append(begun, List.of());
        }
      }
      case AgentSaid.Active active -> active(active);
      case AgentSaid.Withdrawn(String agentsId) -> questions.withdrawn(agentsId);
      case AgentSaid.Showed(String text) -> {
        if (current != null) {
          current.showed(text);
        }
      }
      case AgentSaid.Ended ended -> ended(ended);
      case AgentSaid.Unsure(Outcome why) -> unsure(why);
      case AgentSaid.Broken(String message) -> broken(message);
    }
  }

  private void leaveOut(AgentSaid said) {
    try {
      sayLeftOut(said);
    } catch (Refusal e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.error("Session {}: nor could that be said", sessionId, e);
    }
  }

  /** What the agent said could not be dealt with; what waits for that must not wait for ever. */
  private void sayLeftOut(AgentSaid said) {
    switch (said) {
      case AgentSaid.Ended(_, Exit exit, _) -> ended(new AgentSaid.Ended(LEFT_OUT, exit, ""));
      case AgentSaid.Unsure _ -> unsure(LEFT_OUT);
      case AgentSaid.NotStarted _ -> ended(new AgentSaid.Ended(LEFT_OUT, null, ""));
      case AgentSaid.Broken _ -> broken(LEFT_OUT.message());
      case AgentSaid.Asked(Approval.Builder approval) -> {
        host.append(List.of(AgentEvents.error(LEFT_OUT.message(), currentId())));
        if (driver != null) {
          driver.answer(approval.getId(), ApprovalAnswer.getDefaultInstance());
        }
      }
      default -> host.append(List.of(AgentEvents.error(LEFT_OUT.message(), currentId())));
    }
  }

  private void something(Event.Builder event) {
    final Turn begun = begun();
    final long seq = nextSeq(begun);
    append(begun, List.of(AgentEvents.ofTurn(event, currentId())));
    if (current != null) {
      current.heard(event, seq);
    }
  }

  /** The current turn as one that has begun; null if it is known to have, or there is none. */
  private @Nullable Turn begun() {
    final CurrentTurn turn = current;
    return turn == null || turn.running()
        ? null
        : turn.turn().toBuilder()
            .setState(TurnState.TURN_STATE_RUNNING)
            .setStartTime(Times.timestamp(host.now()))
            .build();
  }

  /** The number of the first event behind the one that says so. */
  private long nextSeq(@Nullable Turn begun) {
    return host.headSeq() + (begun == null ? 1 : 2);
  }

  private void append(@Nullable Turn begun, List<Event.Builder> events) {
    final List<Event.Builder> all = new ArrayList<>();
    if (begun != null) {
      all.add(Events.turn(begun));
    }
    all.addAll(events);
    host.append(all);
    if (begun != null && current != null) {
      current.become(begun);
    }
  }

  private void asked(Approval.Builder approval) {
    final Turn begun = begun();
    final AgentQuestions.Asking asking = questions.asking(approval, currentId(), nextSeq(begun));
    append(begun, asking.events());
    questions.asked(asking);
  }

  /** Answers a question that waits; see {@link AgentQuestions#resolve}. */
  Optional<Approval> resolve(
      String approvalId, ApprovalDecision decision, String optionId, Signature by) {
    return questions.resolve(approvalId, decision, optionId, by);
  }

  /** The turn waits again if the session can go on in another way, and has failed if not. */
  private void notStarted(String why) {
    final CurrentTurn turn = current;
    if (turn == null) {
      return;
    }
    if (turn.cause() != CurrentTurn.Cause.NONE) {
      ended(AgentDriver.notSubmitted(why));
      return;
    }
    final Turn queued = turn.waitingAgain(why);
    final Optional<String> trouble = fallback.goOn(why, Events.turn(queued));
    if (trouble.isPresent()) {
      ended(AgentDriver.notSubmitted(trouble.get()));
      return;
    }
    if (current != null) {
      // Else all of these are turns of another kind by now.
      letGo();
      queue.addFirst(queued);
    }
  }

  private void ended(AgentSaid.Ended end) {
    final CurrentTurn turn = current;
    if (turn == null) {
      return;
    }
    final List<Event.Builder> events = questions.undecided();
    events.add(Events.turn(turn.finishedByAgent(end, source(), here())));
    events.add(Events.idle(source(), host.headSeq() + events.size()));
    host.append(events);
    over();
  }

  private void unsure(Outcome why) {
    final CurrentTurn turn = current;
    if (turn == null) {
      return;
    }
    final List<Event.Builder> events = questions.undecided();
    events.add(Events.turn(turn.unsure(why, source(), here())));
    events.add(
        Events.activity(
            ActivityState.ACTIVITY_STATE_UNKNOWN, source(), host.headSeq() + events.size()));
    host.append(events);
    over();
  }

  /** The screen shows something else than before. */
  private void active(AgentSaid.Active active) {
    final Activity known = host.session().getActivity();
    if (known.getState() != active.state() || known.getSource() != active.source()) {
      host.append(List.of(Events.activity(active.state(), active.source(), active.seq())));
    }
  }

  /** Ends those that wait, should the agent not be ready for them any more. */
  private void abandonWaiting() {
    final Outcome why = driver == null || queue.isEmpty() ? null : driver.unready();
    if (why != null) {
      host.append(queue.abandoned(why.reason(), why.message(), host.now()));
      queue.clear();
      images.clear();
    }
  }

  private void over() {
    if (current != null) {
      images.remove(current.id());
    }
    letGo();
  }

  private void letGo() {
    current = null;
    killAt = null;
    questions.forget();
  }

  private void broken(String message) {
    host.append(List.of(AgentEvents.error(message, currentId())));
    if (driver != null) {
      driver.giveUp(message);
    }
  }

  @Override
  public @Nullable Instant tick() {
    final Instant now = host.now();
    settle();
    Instant next = questions.denyLate();
    final CurrentTurn turn = current;
    if (turn != null) {
      final Instant deadline = turn.deadline();
      if (deadline != null && turn.cause() == CurrentTurn.Cause.NONE) {
        if (now.isBefore(deadline)) {
          next = earlier(next, deadline);
        } else {
          end(turn, CurrentTurn.Cause.TIMEOUT);
        }
      }
      if (killAt != null && !now.isBefore(killAt) && driver != null) {
        killAt = now.plus(PATIENCE);
        driver.kill();
      }
    }
    if (killAt != null) {
      next = earlier(next, killAt);
    }
    final Instant driven = driver == null ? null : driver.tick();
    settle();
    return driven == null ? next : earlier(next, driven);
  }

  private static Instant earlier(@Nullable Instant a, Instant b) {
    return a == null || b.isBefore(a) ? b : a;
  }

  private Evidence here() {
    return new Evidence(host.outputBytes(), host.headSeq(), host.now());
  }

  @Override
  public List<Event.Builder> sessionEnded(@Nullable Exit exit) {
    final List<Event.Builder> events = questions.undecided();
    if (current != null) {
      events.add(Events.turn(endedWithSession(current, exit)));
    }
    events.addAll(queue.endedWithSession(host.now()));
    return events;
  }

  /** On a screen, the end may be what was asked for. */
  private Turn endedWithSession(CurrentTurn turn, @Nullable Exit exit) {
    return ended != null && ended.source() == EvidenceSource.EVIDENCE_SOURCE_STRUCTURED
        ? turn.endedWithoutAnswer(exit, ended.errorTail(), here())
        : turn.endedWithSession(exit, here());
  }

  @Override
  public List<Event.Builder> sessionLost() {
    final List<Event.Builder> events = questions.undecided();
    if (current != null) {
      events.add(Events.turn(current.lostWithSession(host.now())));
    }
    events.addAll(queue.lostWithSession(host.now()));
    return events;
  }

  @Override
  public void clear() {
    over();
    queue.clear();
    images.clear();
    heard.clear();
    use(null);
  }
}
