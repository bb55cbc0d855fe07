package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.policy.Policy;
import dev.cleat.server.terminal.Foreground;
import dev.cleat.v1.Event;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is typed for prompts while a person types, too, in the time of a clock that tests move. */
class TypedTurnsTest {
  private static final Duration STILLNESS = Duration.ofSeconds(1);

  private final Host host = new Host();
  private final TypedTurns turns =
      new TypedTurns(host, "session", 10, new Ledgers(Policy.none(), 1).of("default"));

  /** A terminal at which a person types one key, at a moment of the test's choice. */
  private static final class Host implements TypedTurns.Host {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private Instant lastKey = Instant.EPOCH;
    private long inputs;
    private long outputBytes = 100;
    private long headSeq = 10;
    private int looks;
    private int keyAfterLook = -1;
    private boolean keyAtAppend;
    private boolean paused;
    private boolean stopping;
    private boolean closed;
    private Foreground foreground = Foreground.UNKNOWN;

    /** How often the person had typed, each time that something else was typed. */
    private final List<Long> typed = new ArrayList<>();

    private final List<TurnState> states = new ArrayList<>();

    private void key() {
      inputs++;
      lastKey = now;
    }

    @Override
    public Instant now() {
      return now;
    }

    @Override
    public long append(List<Event.Builder> events) {
      events.stream()
          .filter(Event.Builder::hasTurnChanged)
          .forEach(event -> states.add(event.getTurnChanged().getTurn().getState()));
      if (keyAtAppend && states.getLast() == TurnState.TURN_STATE_SUBMITTED) {
        keyAtAppend = false;
        key();
      }
      final long first = headSeq + 1;
      headSeq += events.size();
      return first;
    }

    @Override
    public InputGate.Typed type(byte[] bytes, long seenInputs) {
      if (seenInputs != inputs) {
        return InputGate.Typed.CLIENT_TYPED;
      }
      typed.add(inputs);
      return closed ? InputGate.Typed.CLOSED : InputGate.Typed.TAKEN;
    }

    @Override
    public long clientInputs() {
      final long seen = inputs;
      if (looks++ == keyAfterLook) {
        key();
      }
      return seen;
    }

    @Override
    public Duration sinceClientInput() {
      return Duration.between(lastKey, now);
    }

    @Override
    public void interrupt() {}

    @Override
    public void killForeground() {}

    @Override
    public Foreground foreground() {
      return foreground;
    }

    @Override
    public boolean isPaused() {
      return paused;
    }

    @Override
    public boolean mayBePrompted() {
      return !paused && !stopping;
    }

    @Override
    public long outputBytes() {
      return outputBytes;
    }

    @Override
    public long headSeq() {
      return headSeq;
    }
  }

  private void start(Prompting.Kind kind) {
    turns.started(new Prompting(kind, STILLNESS, true));
    if (kind == Prompting.Kind.MARKS) {
      showPrompt(1);
    }
    pass(STILLNESS);
  }

  private void showPrompt(int number) {
    turns.promptShown(
        new Evidence(host.outputBytes, host.headSeq, host.now), OptionalInt.of(number));
  }

  private void prompt() {
    prompt("turn");
  }

  private void prompt(String id) {
    final Turn _ =
        turns.accept(
            Turn.newBuilder()
                .setId(id)
                .setPrompt("true")
                .setState(TurnState.TURN_STATE_ACCEPTED)
                .build(),
            List.of());
  }

  private void pass(Duration time) {
    final Instant end = host.now.plus(time);
    while (host.now.plus(Readiness.ECHO).isBefore(end)) {
      host.now = host.now.plus(Readiness.ECHO);
      final Instant _ = turns.tick();
    }
    host.now = end;
    final Instant _ = turns.tick();
  }

  /** What the person typed shows on the shell's line. */
  private void echo() {
    host.outputBytes++;
    turns.printed(new byte[] {'r'}, 0, 1, new Evidence(host.outputBytes, host.headSeq, host.now));
  }

  /** For a while: nothing more is to be typed however often it is looked. */
  private void echoAndLookAgain() {
    echo();
    for (int i = 0; i < 3; i++) {
      host.now = host.now.plus(Readiness.ECHO);
      final Instant _ = turns.tick();
    }
  }

  @Test
  void aKeyThatComesWhileAPromptIsWrittenDownIsNotMergedWithIt() {
    start(Prompting.Kind.MARKS);
    host.keyAtAppend = true;

    prompt();
    echoAndLookAgain();

    assertThat(host.typed).isEmpty();
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_QUEUED);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void aKeyThatComesWhileItIsDecidedIsNotMergedWithThePrompt(int look) {
    start(Prompting.Kind.MARKS);
    host.looks = 0;
    host.keyAfterLook = look;

    prompt();
    if (host.inputs > 0) {
      echoAndLookAgain();
    }

    assertThat(host.typed).allMatch(inputs -> inputs == 0);
  }

  @Test
  void aPromptThatWaitedForAPersonsLineIsTypedBehindIt() {
    start(Prompting.Kind.MARKS);
    host.keyAtAppend = true;
    prompt();
    echoAndLookAgain();

    // The person presses Enter.
    host.key();
    turns.commandStarted(new Evidence(host.outputBytes, host.headSeq, host.now));
    turns.commandEnded(0, new Evidence(host.outputBytes, host.headSeq, host.now));
    showPrompt(2);

    assertThat(host.typed).containsExactly(2L);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_SUBMITTED);
  }

  private void queueBehindACommand() {
    start(Prompting.Kind.MARKS);
    prompt("first");
    turns.commandStarted(new Evidence(host.outputBytes, host.headSeq, host.now));
    prompt("second");
  }

  /** The shell has been silent for long by then, but its prompt is on its way. */
  @Test
  void nothingIsTypedBetweenTheBeginningAndTheEndOfAPrompt() {
    queueBehindACommand();
    pass(STILLNESS.multipliedBy(2));
    turns.commandEnded(0, new Evidence(host.outputBytes, host.headSeq, host.now));
    turns.promptBegun();
    final Instant _ = turns.tick();
    assertThat(host.typed).hasSize(1);

    showPrompt(2);

    assertThat(host.typed).hasSize(2);
    assertThat(host.states)
        .endsWith(TurnState.TURN_STATE_SUCCEEDED, TurnState.TURN_STATE_SUBMITTED);
  }

  @Test
  void aPromptThatNeverEndsIsTakenForShownWhenItIsStill() {
    queueBehindACommand();
    turns.commandEnded(0, new Evidence(host.outputBytes, host.headSeq, host.now));
    turns.promptBegun();
    assertThat(host.typed).hasSize(1);

    pass(STILLNESS);

    assertThat(host.typed).hasSize(2);
  }

  @Test
  void aKeySinceTheStillnessIsNotMergedWithAPrompt() {
    start(Prompting.Kind.STILLNESS);
    host.key();

    prompt();
    assertThat(host.typed).isEmpty();

    echo();
    pass(STILLNESS);
    assertThat(host.typed).containsExactly(1L);
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void nothingIsTypedIntoWhatIsPaused(Prompting.Kind kind) {
    start(kind);
    turns.interrupted();
    host.paused = true;

    prompt();
    pass(STILLNESS);
    assertThat(host.typed).isEmpty();

    host.paused = false;
    pass(STILLNESS);
    pass(STILLNESS);
    assertThat(host.typed).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void nothingIsTypedIntoWhatIsBeingEnded(Prompting.Kind kind) {
    start(kind);
    turns.interrupted();
    host.stopping = true;

    prompt();
    pass(STILLNESS);
    assertThat(host.typed).isEmpty();
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_QUEUED);
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void nothingIsTypedIntoAShellThatHasEnded(Prompting.Kind kind) {
    start(kind);
    host.foreground = Foreground.GONE;

    prompt();
    pass(STILLNESS);
    assertThat(host.typed).isEmpty();
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_QUEUED);
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aPromptThatNobodyReadsFails(Prompting.Kind kind) {
    start(kind);
    host.closed = true;

    prompt();
    pass(STILLNESS);
    assertThat(host.states).endsWith(TurnState.TURN_STATE_SUBMITTED, TurnState.TURN_STATE_FAILED);
    assertThat(turns.isEmpty()).isTrue();
  }

  @Test
  void aPauseIsNoStillness() {
    start(Prompting.Kind.STILLNESS);
    prompt();
    echo();
    host.paused = true;
    pass(STILLNESS);
    host.paused = false;
    pass(Duration.ZERO);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_RUNNING);

    pass(STILLNESS);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @ParameterizedTest
  @EnumSource(
      value = Foreground.class,
      names = {"OTHER", "LEADER_AT_WORK", "GONE"})
  void whereSomethingRunsNothingIsStill(Foreground foreground) {
    start(Prompting.Kind.STILLNESS);
    prompt();
    echo();
    host.foreground = foreground;
    pass(STILLNESS);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_RUNNING);

    host.foreground = Foreground.LEADER;
    pass(STILLNESS);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  /** The shell is at its prompt already, and what the command has printed is not read yet. */
  @Test
  void whatIsOnItsWayWhenACommandHasEndedIsOfItsTurn() {
    start(Prompting.Kind.STILLNESS);
    prompt();
    echo();
    host.foreground = Foreground.OTHER;
    pass(STILLNESS);
    host.foreground = Foreground.LEADER;
    pass(Duration.ZERO);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_RUNNING);

    echo();
    pass(STILLNESS.minus(Readiness.ECHO));
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_RUNNING);
    pass(Readiness.ECHO);
    assertThat(host.states).last().isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void anInterruptDoesNotHaveALineRunThatAPersonTypesLater() {
    start(Prompting.Kind.MARKS);
    turns.interrupted();
    host.key();
    echo();
    pass(STILLNESS);

    turns.check(Turn.getDefaultInstance(), List.of(), "bash", false);
    prompt();
    echoAndLookAgain();

    assertThat(host.typed).isEmpty();
  }

  @Test
  void anInterruptDoesNotHaveALineRunThatWasTypedAhead() {
    start(Prompting.Kind.MARKS);
    prompt();
    turns.commandStarted(new Evidence(host.outputBytes, host.headSeq, host.now));
    host.key();
    final Turn _ = turns.cancel("turn");
    turns.commandEnded(130, new Evidence(host.outputBytes, host.headSeq, host.now));
    showPrompt(2);
    echo();
    host.typed.clear();

    prompt();
    echoAndLookAgain();

    assertThat(host.typed).isEmpty();
  }
}
