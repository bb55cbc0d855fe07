package dev.cleat.server.session;

import dev.cleat.server.session.PromptTyping.Progress;
import dev.cleat.server.session.ScreenJudge.Verdict;
import dev.cleat.server.tool.Paste;
import dev.cleat.server.tool.TerminalForm;
import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Image;
import dev.cleat.v1.Tick;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hands turns to a tool through its terminal interface, and sees on the screen what becomes of
 * them. Keys are pressed only where the screen shows what they will do.
 *
 * <p>Confined to the session's lock. It is stepped with each look at the screen and each tick.
 */
final class TerminalDriver implements AgentDriver {
  /** A client's key may be on its way to the screen for so long. */
  private static final Duration TYPING = Duration.ofMillis(500);

  private final TerminalForm form;
  private final TypedTurns.Host host;
  private final ScreenJudge judge;
  private final ScreenQuestions questions;
  private final Consumer<AgentSaid> heard;
  private final Consumer<String> stop;
  private final Instant started;
  private final Optional<String> session;
  private final SessionIdSearch search;
  private boolean everReady;
  private String prompt = "";
  private @Nullable PromptTyping typing;
  private boolean running;
  private boolean interrupted;
  private boolean clearing;
  private ActivityState told = ActivityState.ACTIVITY_STATE_UNKNOWN;

  /**
   * A driver that has not seen anything yet.
   *
   * @param session the tool's own session, where it was told which
   * @param search looks for it, where it was not
   * @param heard hears what the screen shows
   * @param stop ends the process, for the reason it is given
   */
  TerminalDriver(
      TerminalForm form,
      TypedTurns.Host host,
      Optional<String> session,
      SessionIdSearch search,
      Consumer<AgentSaid> heard,
      Consumer<String> stop) {
    this.form = form;
    this.session = session;
    this.search = search;
    this.host = host;
    this.judge = new ScreenJudge(form);
    this.questions = new ScreenQuestions(this::type, heard);
    this.heard = heard;
    this.stop = stop;
    this.started = host.now();
  }

  /** The screen was looked at. */
  void look(Look look) {
    judge.look(look, host.now());
    step();
  }

  /** The last sign of work; empty before the first. */
  Optional<Tick> lastTick() {
    return judge.tick(host.now());
  }

  /** A title without what only shows that the tool works. */
  String titleAtRest(String title) {
    return form.tickTitle()
        .map(pattern -> pattern.matcher(title).replaceFirst("").strip())
        .orElse(title);
  }

  private boolean type(String keys) {
    return host.type(keys.getBytes(StandardCharsets.UTF_8), host.clientInputs())
        == InputGate.Typed.TAKEN;
  }

  private boolean someoneTypes() {
    return host.clientInputs() > 0;
  }

  private Verdict verdict() {
    return judge.verdict(host.now(), someoneTypes());
  }

  @Override
  public boolean isReady() {
    judge.printed(host.outputBytes());
    final Sight sight = judge.sight();
    return sight != null
        && !running
        && typing == null
        && verdict() == Verdict.READY
        && (form.paste() == Paste.TYPED || sight.look().bracketedPaste())
        && !isClientTyping();
  }

  /** Whether a client's keys may not be on the screen yet. */
  private boolean isClientTyping() {
    return host.clientInputs() > 0 && host.sinceClientInput().compareTo(TYPING) < 0;
  }

  @Override
  public boolean takesImages() {
    return false;
  }

  @Override
  public @Nullable AgentSaid prompt(Turn turn, List<Image> images) {
    final Sight sight = judge.sight();
    if (sight == null) {
      return AgentDriver.notSubmitted("the screen has not been seen yet");
    }
    if (!images.isEmpty()) {
      // It was accepted when the session went another way.
      return AgentDriver.notSubmitted("on a terminal no images can go with a prompt");
    }
    if (form.paste() == Paste.TYPED
        && form.newline().isEmpty()
        && turn.getPrompt().stripTrailing().indexOf('\n') >= 0) {
      return AgentDriver.notSubmitted("the tool takes prompts of one line only");
    }
    prompt = turn.getPrompt();
    interrupted = false;
    search.prompting(someoneTypes() ? started : host.now());
    typing = new PromptTyping(form, prompt, sight.look(), this::type, host.now());
    return null;
  }

  @Override
  public void interrupt() {
    interrupted = true;
    if (typing != null) {
      typing.cancel();
    } else {
      final boolean _ = type(form.interrupt());
    }
  }

  @Override
  public void kill() {
    giveUp("its tool did not come back from an interrupt");
  }

  @Override
  public void giveUp(String reason) {
    stop.accept(reason);
  }

  @Override
  public void answer(String agentsId, ApprovalAnswer answer) {
    questions.answer(agentsId, answer, host.now());
  }

  @Override
  public EvidenceSource source() {
    return EvidenceSource.EVIDENCE_SOURCE_SCREEN;
  }

  @Override
  public @Nullable Outcome unready() {
    if (questions.isStranded()) {
      return questions.stranded();
    }
    return everReady || questions.isOpen() || host.now().isBefore(started.plus(form.startTimeout()))
        ? null
        : new Outcome(
            TurnEndReason.TURN_END_REASON_NOT_SUBMITTED,
            "the tool was not ready for a prompt within "
                + form.startTimeout().toSeconds()
                + " s of its start");
  }

  @Override
  public @Nullable Instant tick() {
    step();
    return next();
  }

  private void step() {
    final Sight sight = judge.sight();
    if (sight == null) {
      return;
    }
    judge.printed(host.outputBytes());
    final Instant now = host.now();
    final Verdict verdict = verdict();
    everReady |= verdict == Verdict.READY;
    final PromptTyping prompting = typing;
    // Whatever came up since it was accepted: a key may be pressed in the tool's input line only.
    final boolean mayType = prompting != null && (prompting.hasBegun() || verdict == Verdict.READY);
    if (prompting != null && mayType && !isClientTyping()) {
      typed(prompting.step(sight, judge.still(now), now));
    }
    // Before the end of the turn that it was asked in: both may be seen in one step.
    if (typing == null || verdict != Verdict.STRANGE) {
      questions.look(sight, verdict, judge.isSettled(now), now);
    }
    if (prompting == null && running) {
      follow(sight, verdict, now);
    }
    if (running && questions.isStranded()) {
      over(new AgentSaid.Unsure(questions.stranded()));
    }
    tell(sight, verdict);
  }

  private void typed(Progress progress) {
    switch (progress) {
      case PromptTyping.Going() -> {}
      case PromptTyping.Submitted() -> {
        typing = null;
        running = true;
        clearing = false;
        search.submitted(host.now());
        heard.accept(new AgentSaid.Begun());
        // Before its first turn there is nothing to go on with.
        session.ifPresent(id -> heard.accept(new AgentSaid.Resumable(id)));
        if (interrupted) {
          final boolean _ = type(form.interrupt());
        }
      }
      case PromptTyping.NotSubmitted(String message) ->
          over(
              new AgentSaid.Ended(
                  new Outcome(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED, message), null, ""));
      case PromptTyping.Unsure(String message) ->
          over(
              new AgentSaid.Unsure(
                  new Outcome(TurnEndReason.TURN_END_REASON_NOT_SUBMITTED, message)));
    }
  }

  /** Looks whether the turn has ended. */
  private void follow(Sight sight, Verdict verdict, Instant now) {
    if (verdict == Verdict.READY) {
      end(sight);
      return;
    }
    final boolean quiet = judge.still(now).compareTo(form.quiet()) >= 0;
    if (!quiet
        || sight.tick().isPresent()
        || sight.question().isPresent()
        || sight.input().isEmpty()) {
      return;
    }
    if (isGivenBack(sight)) {
      // The prompt was interrupted before anything came of it. It must not meet the next one.
      if (!clearing) {
        clearing = type(form.clear());
      }
    } else if (someoneTypes() && sight.input().get().row() == sight.look().cursorRow()) {
      // A person is writing the next prompt already.
      end(sight);
    }
  }

  private boolean isGivenBack(Sight sight) {
    return new TypedText(form, prompt, sight.look()).isShownBy(sight);
  }

  private void end(Sight sight) {
    final Outcome outcome =
        clearing
            ? new Outcome(
                TurnEndReason.TURN_END_REASON_CANCELLED, "the tool gave the prompt back unanswered")
            : sight
                .failure(form)
                .map(why -> new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, why))
                .orElse(Outcome.SUCCEEDED);
    heard.accept(new AgentSaid.Showed(sight.answer(form)));
    over(new AgentSaid.Ended(outcome, null, ""));
  }

  private void over(AgentSaid end) {
    typing = null;
    running = false;
    clearing = false;
    search.ended();
    heard.accept(end);
  }

  private void tell(Sight sight, Verdict verdict) {
    final ActivityState state =
        switch (verdict) {
          // A turn ends with its own word.
          case READY -> running || typing != null ? told : ActivityState.ACTIVITY_STATE_IDLE;
          case WORKING -> ActivityState.ACTIVITY_STATE_BUSY;
          case QUESTION, STRANGE -> ActivityState.ACTIVITY_STATE_WAITING_FOR_APPROVAL;
          case OTHER -> told;
        };
    if (state != told) {
      told = state;
      heard.accept(
          new AgentSaid.Active(
              state,
              verdict == Verdict.WORKING
                  ? EvidenceSource.EVIDENCE_SOURCE_TICK
                  : EvidenceSource.EVIDENCE_SOURCE_SCREEN,
              sight.look().seq()));
    }
  }

  private @Nullable Instant next() {
    final Instant now = host.now();
    Instant next =
        judge
            .next(
                now,
                ScreenJudge.SETTLED,
                form.quiet(),
                PromptTyping.WRONG,
                PromptTyping.ENTER,
                form.questionAfter())
            .orElse(null);
    if (typing != null) {
      next = earlier(next, typing.next(now));
    }
    final Instant timeout = started.plus(form.startTimeout());
    if (!everReady && now.isBefore(timeout)) {
      next = earlier(next, timeout);
    }
    if (isClientTyping()) {
      next = earlier(next, now.plus(TYPING));
    }
    final Instant look = search.tick(now);
    if (look != null) {
      next = earlier(next, look);
    }
    final Optional<Instant> question = questions.next();
    return question.isPresent() ? earlier(next, question.get()) : next;
  }

  private static Instant earlier(@Nullable Instant a, Instant b) {
    return a == null || b.isBefore(a) ? b : a;
  }
}
