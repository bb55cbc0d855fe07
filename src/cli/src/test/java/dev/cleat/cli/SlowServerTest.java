package dev.cleat.cli;

import static dev.cleat.cli.Intercepted.pass;
import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.FakeAgent;
import dev.cleat.v1.AttachRequest;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens while a server has not answered yet. */
final class SlowServerTest {
  private final FakeAgent agent = AgentServer.acp();

  @Test
  void ctrlCWhileThePromptIsOnItsWayCancelsTheTurn(@TempDir Path folder) throws Exception {
    agent.will(play -> play.asks("a", "make").awaitAnswer("a"));
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch pressed = new CountDownLatch(1);
    ServerInterceptor slow =
        Intercepted.before(
            "SendPrompt",
            request -> {
              arrived.countDown();
              pass(pressed);
            });
    try (AgentServer server = new AgentServer(agent, slow);
        OnTerminal person =
            new OnTerminal(folder, "prompt", "s", "build it", "--server", server.target())) {
      pass(arrived);
      person.type("\u0003");
      person.awaitShown("^C");
      pressed.countDown();

      assertThat(person.awaitEnd()).isEqualTo(130);
      assertThat(server.run("turns", "s").ok().out()).contains("cancelled");
      person.assertRestored();
    }
  }

  @Test
  void aWindowThatIsResizedWhileConnectingIsFollowed(@TempDir Path folder) throws Exception {
    List<AttachRequest> requests = new CopyOnWriteArrayList<>();
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch resized = new CountDownLatch(1);
    ServerInterceptor slow =
        Intercepted.before(
            "Attach",
            request -> {
              requests.add((AttachRequest) request);
              arrived.countDown();
              pass(resized);
            });
    try (AgentServer server = new AgentServer(agent, slow);
        OnTerminal person = new OnTerminal(folder, "attach", "s", "--server", server.target())) {
      pass(arrived);
      assertThat(requests.getFirst().getOpen().getSize().getRows()).isEqualTo(OnTerminal.ROWS);
      person.resize(40, 111);
      resized.countDown();

      soon()
          .untilAsserted(() ->
              assertThat(requests)
                  .anySatisfy(request -> {
                    assertThat(request.getResize().getRows()).isEqualTo(40);
                    assertThat(request.getResize().getColumns()).isEqualTo(111);
                  }));
      person.type("\u001c\u001c");
      assertThat(person.awaitEnd()).isZero();
    }
  }

  @Test
  void aServerThatDoesNotAnswerInTimeIsThereAllTheSame() throws Exception {
    List<Long> seconds = new CopyOnWriteArrayList<>();
    ServerInterceptor late =
        new ServerInterceptor() {
          @Override
          public <Q, R> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            if (!"Delete".equals(call.getMethodDescriptor().getBareMethodName())) {
              return next.startCall(call, headers);
            }
            seconds.add(Context.current().getDeadline().timeRemaining(TimeUnit.SECONDS));
            call.close(Status.DEADLINE_EXCEEDED, new Metadata());
            return new ServerCall.Listener<>() {};
          }
        };
    try (AgentServer server = new AgentServer(agent, late)) {
      Ran ran = server.run("rm", "--force", "s");

      assertThat(ran.code()).isEqualTo(1);
      assertThat(ran.err())
          .startsWith("cleat: the server at " + server.target() + " has not answered in time")
          .hasLineCount(1);
    }
    // The server itself waits a minute for processes, and then says that they do not end.
    assertThat(seconds.getFirst()).isGreaterThan(120);
  }
}
