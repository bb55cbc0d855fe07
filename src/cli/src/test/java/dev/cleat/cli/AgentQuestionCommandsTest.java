package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.cleat.client.FakeAgent;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Questions of agents on the command line: they are asked, listed and answered. */
final class AgentQuestionCommandsTest {
  private final FakeAgent agent = AgentServer.acp();
  private final AgentServer server;

  AgentQuestionCommandsTest() throws IOException {
    server = new AgentServer(agent);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static InputStream typed(String keys) {
    return new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aQuestionToNobodySaysHowItIsAnswered() {
    agent.will(play -> {
      play.asks("a1", "rm -r /");
      soon().until(() -> server.run("approve", "s", "a1").code() == 0);
    });

    Ran ran = server.run("prompt", "s", "x").ok();

    assertThat(ran.err().lines())
        .containsExactly(
            "cleat: the agent asks and waits: Bash: rm -r /; answer with cleat approve s a1 or"
                + " cleat deny s a1",
            "cleat: allowed by %s: Bash: rm -r /".formatted(System.getProperty("user.name")));
  }

  @Test
  void aPersonIsAskedAndAnswersWithANumber() {
    agent.will(play -> play.says("I ").says(play.asks("a", "make").awaitAnswer("a").getOptionId()));

    Ran ran = server.seen(typed("7\n2\n"), "prompt", "s", "x").ok();

    assertThat(ran.out()).isEqualTo("I \nyes\n");
    assertThat(ran.err())
        .startsWith("? Bash: make\n  1  Always\n  2  Yes\n  3  No\nNumber, or nothing to deny: ")
        .contains("cleat: there is no answer '7'\n? Bash: make\n");
  }

  @Test
  void anEmptyLineAndTheEndOfTheInputDeny() {
    agent.will(play -> {
      play.says(play.asks("a", "one").awaitAnswer("a").getDecision().name() + "\n");
      play.says(play.asks("b", "two").awaitAnswer("b").getDecision().name() + "\n");
      play.says(play.asks("c", "three").awaitAnswer("c").getDecision().name() + "\n");
    });

    Ran ran = server.seen(typed("\n"), "prompt", "s", "x").ok();

    assertThat(ran.lines()).hasSize(3).containsOnly("APPROVAL_DECISION_DENIED");
    assertThat(agent.approvals()).extracting(a -> a.getAnswer().getOptionId()).containsOnly("no");
  }

  @Test
  void aQuestionThatIsDecidedElsewhereIsNoLongerAsked() throws Exception {
    try (PipedOutputStream keys = new PipedOutputStream();
        InputStream silent = new PipedInputStream(keys)) {
      agent.will(play -> {
        play.asks("a", "make").passDeadlines();
        play.says("went on");
      });

      Ran ran = server.seen(silent, "prompt", "s", "x").ok();

      assertThat(ran.out()).isEqualTo("went on\n");
      assertThat(ran.err()).contains("\ncleat: denied, as nobody answered in time\n");
    }
  }

  @Test
  void questionsAreListedAndAnswered() throws Exception {
    agent.will(play -> {
      play.asks("a1", "make\nall").asks("a2", "ls");
      play.awaitAnswer("a1");
      play.awaitAnswer("a2");
    });
    server.run("prompt", "s", "--no-wait", "x").ok();
    soon().until(() -> agent.approvals().size() == 2);

    assertThat(server.run("approvals", "s").ok().lines())
        .hasSize(3)
        .element(1)
        .asString()
        .contains("a1", "Bash", "4m", "always,yes,no", "make all");
    Approval.Builder first = Approval.newBuilder();
    JsonFormat.parser()
        .merge(server.run("approvals", "s", "-o", "json").ok().lines().getFirst(), first);
    assertThat(first.getId()).isEqualTo("a1");
    assertThat(server.run("info", "s").ok().out()).contains("2 waiting: a1, a2");

    Ran which = server.run("approve", "s");
    assertThat(which.code()).isEqualTo(1);
    assertThat(which.err()).contains("2 questions", "cleat approvals s").hasLineCount(1);

    String me = System.getProperty("user.name");
    assertThat(server.run("approve", "s", "a1", "--option", "always").ok().line())
        .isEqualTo("a1 allowed by " + me);
    assertThat(server.run("deny", "s").ok().line()).isEqualTo("a2 denied by " + me);
    assertThat(agent.approvals())
        .extracting(a -> a.getAnswer().getOptionId())
        .containsExactly("always", "no");
    assertThat(agent.approvals().getLast().getAnswer().getDecision())
        .isEqualTo(ApprovalDecision.APPROVAL_DECISION_DENIED);
  }

  @Test
  void anAnswerThatComesTooLateSaysSoInOneLine() {
    agent.will(play -> play.asks("a", "make").awaitAnswer("a"));
    server.run("prompt", "s", "--no-wait", "x").ok();
    soon().until(() -> agent.approvals().size() == 1);
    server.run("approve", "s", "a").ok();

    for (String id : List.of("a", "b")) {
      Ran again = server.run("deny", "s", id);
      assertThat(again.code()).isEqualTo(1);
      assertThat(again.err())
          .startsWith("cleat: ")
          .endsWith("; cleat approvals lists the questions that wait\n")
          .hasLineCount(1);
    }
    Ran none = server.run("approve", "s");
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).isEqualTo("cleat: no question of s waits for an answer\n");
  }

  @Test
  void anOptionThatDoesNotFitIsWrongUsage() {
    agent.will(play -> play.asks("a", "make").awaitAnswer("a"));
    server.run("prompt", "s", "--no-wait", "x").ok();
    soon().until(() -> agent.approvals().size() == 1);

    Ran ran = server.run("approve", "s", "--option", "no");

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).hasLineCount(1);
  }
}
