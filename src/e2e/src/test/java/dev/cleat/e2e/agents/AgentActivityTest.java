package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Delivery;
import dev.cleat.client.EventStream;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.e2e.Servers;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.Event;
import dev.cleat.v1.TurnState;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An agent is never said to be idle while it has a turn, whatever it waits for. */
@RealAgents
class AgentActivityTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  private static final int SAMPLES = 20;

  @ParameterizedTest
  @MethodSource(AgentSessions.AGENTS_AND_WAYS)
  void agentIsBusyFromItsTurnsBeginningToItsEnd(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    List<CountDownLatch> holds = Stream.generate(() -> new CountDownLatch(1)).limit(4).toList();
    model.reply(
        Reply.held(holds.get(0))
            .thenText("Let me see.")
            .thenHold(holds.get(1))
            .then(agent.runs("true")),
        Reply.held(holds.get(2)).thenText("It is ").thenHold(holds.get(3)).thenText("done."),
        Reply.text("Again."));
    try (CleatClient cleat = servers.start(folder.resolve("data")).client()) {
      Session session = cleat.create(AgentSessions.of(servers, agent, home, way));
      RunningTurn turn = session.start(Prompt.of("Well?"));
      for (int hold = 0; hold < holds.size(); hold++) {
        var _ = model.awaitTurn(1 + hold / 2);
        assertBusy(session);
        holds.get(hold).countDown();
      }
      succeeded(turn.await());
      assertThat(session.refresh().activity()).isEqualTo(SessionInfo.Activity.IDLE);
      succeeded(session.prompt("And again?"));
      assertThat(session.refresh().activity()).isEqualTo(SessionInfo.Activity.IDLE);
      assertEventsAgree(session);
    }
  }

  private static void assertBusy(Session session) {
    for (int i = 0; i < SAMPLES; i++) {
      assertThat(session.refresh().activity()).isEqualTo(SessionInfo.Activity.BUSY);
    }
  }

  /** The activity at each event, against the turns there. */
  private static void assertEventsAgree(Session session) {
    long head = session.refresh().head().seq();
    boolean busy = false;
    boolean working = false;
    int checked = 0;
    try (EventStream events = session.events(AttachOptions.fromBeginning().readOnly())) {
      for (Delivery delivery : events) {
        if (delivery instanceof Delivery.Happened happened) {
          Event event = happened.event();
          if (event.hasTurnChanged()) {
            TurnState state = event.getTurnChanged().getTurn().getState();
            working =
                state == TurnState.TURN_STATE_SUBMITTED || state == TurnState.TURN_STATE_RUNNING;
          } else if (event.hasActivityChanged()) {
            busy =
                event.getActivityChanged().getActivity().getState()
                    == ActivityState.ACTIVITY_STATE_BUSY;
          }
          // Both change in one append.
          if (working && !event.hasTurnChanged()) {
            checked++;
            assertThat(busy).as("busy at event %d", event.getSeq()).isTrue();
          } else if (event.hasActivityChanged()) {
            assertThat(busy).as("idle at event %d", event.getSeq()).isFalse();
          }
        }
        if (delivery.position().seq() >= head) {
          break;
        }
      }
    }
    assertThat(checked).isGreaterThan(5);
  }
}
