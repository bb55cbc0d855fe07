package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.terminal.Foreground;
import dev.cleat.v1.Event;
import dev.cleat.v1.Turn;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is heard of an agent on a terminal, in the time of a clock that the test moves. */
class TerminalDriverTest {
  private final List<AgentSaid> heard = new ArrayList<>();
  private final List<String> typed = new ArrayList<>();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final TerminalDriver driver =
      new TerminalDriver(
          Screens.FORM,
          new Host(),
          Optional.empty(),
          new SessionIdSearch(Optional.empty(), Runnable::run, id -> {}),
          heard::add,
          reason -> {});

  private final class Host implements TypedTurns.Host {
    @Override
    public Instant now() {
      return now;
    }

    @Override
    public long append(List<Event.Builder> events) {
      throw new AssertionError("a driver writes nothing down");
    }

    @Override
    public InputGate.Typed type(byte[] bytes, long seenInputs) {
      typed.add(new String(bytes, StandardCharsets.UTF_8));
      return InputGate.Typed.TAKEN;
    }

    @Override
    public long clientInputs() {
      return 0;
    }

    @Override
    public Duration sinceClientInput() {
      return Duration.ZERO;
    }

    @Override
    public void interrupt() {}

    @Override
    public void killForeground() {}

    @Override
    public Foreground foreground() {
      return Foreground.UNKNOWN;
    }

    @Override
    public boolean isPaused() {
      return false;
    }

    @Override
    public boolean mayBePrompted() {
      return true;
    }

    @Override
    public long outputBytes() {
      return 0;
    }

    @Override
    public long headSeq() {
      return 1;
    }
  }

  /** Sees this, and looks again only after so long. */
  private void see(Look look, Duration until) {
    driver.look(look);
    now = now.plus(until);
    final var _ = driver.tick();
  }

  @Test
  void aPromptIsNotTypedIntoWhatCameUpSinceItWasAccepted() {
    see(Screens.of("> "), Duration.ofSeconds(2));
    assertThat(driver.prompt(Turn.newBuilder().setPrompt("do it").build(), List.of())).isNull();
    see(Screens.of("> half a li"), Duration.ofSeconds(2));
    see(Screens.of("> ", "", "May I do it?", "1. Yes", "2. No"), Duration.ofSeconds(2));
    assertThat(typed).isEmpty();

    see(Screens.of("> "), Duration.ofSeconds(2));
    assertThat(typed).singleElement().asString().contains("do it");
  }

  @Test
  void aQuestionThatIsGoneIsWithdrawnBeforeTheEndOfItsTurnHoweverLateThatIsSeen() {
    see(Screens.of("> "), Duration.ofSeconds(2));
    assertThat(driver.isReady()).isTrue();
    assertThat(driver.prompt(Turn.newBuilder().setPrompt("do it").build(), List.of())).isNull();
    see(Screens.of("> "), Duration.ZERO);
    see(Screens.of("> do it"), Duration.ofSeconds(1));
    see(Screens.of("> do it", "", "May I do it?", "1. Yes", "2. No"), Duration.ofSeconds(1));
    assertThat(heard).hasAtLeastOneElementOfType(AgentSaid.Asked.class);

    heard.clear();
    see(Screens.of("> do it", "", "Done.", "> "), Duration.ofSeconds(10));

    assertThat(heard)
        .filteredOn(said -> said instanceof AgentSaid.Withdrawn || said instanceof AgentSaid.Ended)
        .hasExactlyElementsOfTypes(AgentSaid.Withdrawn.class, AgentSaid.Ended.class);
  }
}
