package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.FakeAgent;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code cleat prompt} to an agent in a process of its own on a real terminal. */
final class AgentOnTerminalTest {

  @Test
  void aPersonAnswersTheAgentsQuestionAndCancelsItsTurn(@TempDir Path folder) throws Exception {
    FakeAgent agent = AgentServer.acp();
    agent.will(play -> {
      play.says("I will " + play.asks("a", "make").awaitAnswer("a").getOptionId());
      play.asks("b", "make install").awaitAnswer("b");
    });
    try (AgentServer server = new AgentServer(agent);
        OnTerminal person =
            new OnTerminal(folder, "prompt", "s", "build it", "--server", server.target())) {
      person.awaitShown("? Bash: make\r\n").awaitShown("  2  Yes\r\n").awaitShown("to deny: ");
      person.type("2\r");
      person.awaitShown("I will yes\r\n").awaitShown("? Bash: make install\r\n");
      person.type("\u0003");

      assertThat(person.awaitEnd()).isEqualTo(130);
      person.assertRestored();
    }
  }

  @Test
  void whatWasTypedBeforeAQuestionWasShownIsNoAnswerToIt(@TempDir Path folder) throws Exception {
    CountDownLatch typedAhead = new CountDownLatch(1);
    CountDownLatch typedAgain = new CountDownLatch(1);
    FakeAgent agent = AgentServer.acp();
    agent.will(play -> {
      play.says("first\n");
      Intercepted.pass(typedAhead);
      play.says("I will " + play.asks("a", "make").awaitAnswer("a").getOptionId() + "\n");
      Intercepted.pass(typedAgain);
      play.says("I will " + play.asks("b", "rm").awaitAnswer("b").getOptionId() + "\n");
    });
    try (AgentServer server = new AgentServer(agent);
        OnTerminal person =
            new OnTerminal(folder, "prompt", "s", "build it", "--server", server.target())) {
      person.awaitShown("first\r\n");
      person.type("1\r1");
      person.awaitShown("first\r\n1\r\n1");
      typedAhead.countDown();
      person.awaitShown("? Bash: make\r\n").awaitShown("to deny: ");
      person.type("2\r");
      person.awaitShown("I will yes\r\n");
      person.type("1\r1");
      person.awaitShown("I will yes\r\n1\r\n1");
      typedAgain.countDown();
      person.awaitShown("? Bash: rm\r\n").awaitShown("3  No\r\nNumber, or nothing to deny: ");
      person.type("3\r");

      assertThat(person.awaitEnd()).isZero();
      assertThat(person.shown()).contains("I will no\r\n");
    }
  }

  @Test
  void aCtrlCThatCouldNotCancelIsTriedAgainByTheNext(@TempDir Path folder) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    FakeAgent agent = AgentServer.acp();
    agent.will(play -> {
      play.says("begun\n");
      Intercepted.pass(over);
    });
    try (AgentServer server = new AgentServer(agent, refusingTheFirstCancel());
        OnTerminal person =
            new OnTerminal(folder, "prompt", "s", "build it", "--server", server.target())) {
      person.awaitShown("begun\r\n");
      person.type("\u0003");
      person.awaitShown("cleat: the turn could not be cancelled: ");
      person.type("\u0003");

      assertThat(person.awaitEnd()).isEqualTo(130);
      assertThat(server.run("turns", "s").ok().out()).contains("cancelled");
    } finally {
      over.countDown();
    }
  }

  @Test
  void aTurnThatCouldNotBeCancelledEndsWithItsReason(@TempDir Path folder) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    FakeAgent agent = AgentServer.acp();
    agent.will(play -> {
      play.says("begun\n");
      Intercepted.pass(over);
      play.ends(
          TurnState.TURN_STATE_FAILED, TurnEndReason.TURN_END_REASON_AGENT_ERROR, "out of paper");
    });
    try (AgentServer server = new AgentServer(agent, refusingTheFirstCancel());
        OnTerminal person =
            new OnTerminal(folder, "prompt", "s", "build it", "--server", server.target())) {
      person.awaitShown("begun\r\n");
      person.type("\u0003");
      person.awaitShown("cleat: the turn could not be cancelled: ");
      over.countDown();

      assertThat(person.awaitEnd()).isEqualTo(1);
      assertThat(person.shown()).contains("cleat: the turn is failed: out of paper");
    } finally {
      over.countDown();
    }
  }

  private static ServerInterceptor refusingTheFirstCancel() {
    AtomicBoolean refused = new AtomicBoolean();
    return new ServerInterceptor() {
      @Override
      public <Q, R> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        if (!"CancelTurn".equals(call.getMethodDescriptor().getBareMethodName())
            || refused.getAndSet(true)) {
          return next.startCall(call, headers);
        }
        call.close(Status.FAILED_PRECONDITION, new Metadata());
        return new ServerCall.Listener<>() {};
      }
    };
  }
}
