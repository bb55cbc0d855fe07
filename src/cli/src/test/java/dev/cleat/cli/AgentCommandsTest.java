package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.cleat.client.FakeAgent;
import dev.cleat.v1.AgentMode;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.Event.KindCase;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.RevivePolicy;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.Usage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What agents bring to the command line, against an agent that does what a test says. */
final class AgentCommandsTest {
  private final FakeAgent agent = AgentServer.acp();
  private final AgentServer server;

  AgentCommandsTest() throws IOException {
    server = new AgentServer(agent);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static InputStream typed(String keys) {
    return new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8));
  }

  private Ran ends(TurnState state, TurnEndReason reason, String message) {
    agent.will(play -> play.ends(state, reason, message));
    return server.run("prompt", "s", "x");
  }

  @Test
  void theAnswerIsTheResultAndWhatTheAgentDoesIsSaidBeside() {
    agent.will(play ->
        play.thinks("secret")
            .says("Let me ")
            .says("see.\n\033[31m")
            .calls("c1", "Bash", "echo hi\nthere\033[2J\u202e")
            .returned("c1", false, "hi")
            .enters("plan\033[2J", true)
            .calls("c2", "Read", "Read /etc/passwd")
            .returned("c2", true, "not\npermitted")
            .says("Done"));

    Ran ran = server.run("prompt", "s", "look", "around").ok();

    assertThat(ran.out()).isEqualTo("Let me see.\nDone");
    assertThat(ran.err().lines())
        .containsExactly(
            "● Bash: echo hi there [2J",
            "● mode: plan [2J",
            "● Read /etc/passwd",
            "✗ Read: not permitted");
    assertThat(agent.prompts().getFirst().getPrompt()).isEqualTo("look around");
  }

  @Test
  void onATerminalLinesAreKeptApart() {
    agent.will(play -> play.says("a").calls("c", "Bash", "ls").says("b"));

    assertThat(server.seen(typed(""), "prompt", "s", "x").ok().out()).isEqualTo("a\nb\n");
  }

  @Test
  void theExitCodeSaysHowTheTurnEnded() {
    Ran failed =
        ends(
            TurnState.TURN_STATE_FAILED,
            TurnEndReason.TURN_END_REASON_LIMIT,
            "too many\nrequests in one turn");
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err())
        .isEqualTo("cleat: the turn is failed: too many requests in one turn\n");

    Ran late = ends(TurnState.TURN_STATE_TIMED_OUT, TurnEndReason.TURN_END_REASON_TIMEOUT, "");
    assertThat(late.code()).isEqualTo(124);
    assertThat(late.err()).isEqualTo("cleat: the turn is timed out\n");
    assertThat(
            ends(TurnState.TURN_STATE_CANCELLED, TurnEndReason.TURN_END_REASON_CANCELLED, "")
                .code())
        .isEqualTo(130);
    assertThat(
            ends(TurnState.TURN_STATE_UNCERTAIN, TurnEndReason.TURN_END_REASON_SESSION_LOST, "")
                .code())
        .isEqualTo(1);
  }

  @Test
  void anErrorOfTheAgentIsSaidOnce() {
    agent.will(play ->
        play.errs("overloaded\n(529)")
            .ends(
                TurnState.TURN_STATE_FAILED,
                TurnEndReason.TURN_END_REASON_AGENT_ERROR,
                "overloaded"));

    Ran ran = server.run("prompt", "s", "x");

    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).isEqualTo("cleat: the agent reports: overloaded (529)\n");
  }

  @Test
  void whatACommandSaidLastIsShownWhenItFails() {
    agent.will(play -> play.fails("first\nno API key\n\n"));

    Ran ran = server.run("prompt", "s", "x");

    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err().lines())
        .containsExactly("cleat: the turn is failed", "cleat: its command said: no API key");
  }

  @Test
  void withJsonTheEventsOfTheTurnArePrinted() throws Exception {
    agent.will(play -> play.saysElsewhere("no").thinks("hm").enters("plan", true).says("yes"));

    Ran ran = server.run("prompt", "s", "--json", "x").ok();

    List<Event> events = new ArrayList<>();
    for (String line : ran.lines()) {
      events.add(event(line));
    }
    assertThat(events)
        .extracting(Event::getKindCase)
        .containsExactly(
            KindCase.TURN_CHANGED,
            KindCase.TURN_CHANGED,
            KindCase.AGENT_THOUGHT,
            KindCase.AGENT_MODE_CHANGED,
            KindCase.AGENT_TEXT,
            KindCase.TURN_CHANGED);
    assertThat(events.get(3).getAgentModeChanged().getModes().getCurrentId()).isEqualTo("plan");
    assertThat(event(ran.lines().getLast()).getTurnChanged().getTurn().getState())
        .isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    assertThat(ran.err()).isEmpty();
  }

  private static Event event(String line) throws InvalidProtocolBufferException {
    Event.Builder event = Event.newBuilder();
    JsonFormat.parser().merge(line, event);
    return event.build();
  }

  @Test
  void asOneObjectTheTurnHasItsAnswerAndQuestionsAreStillSaid() throws Exception {
    agent.will(play -> {
      play.says("whole").calls("c", "Bash", "ls").asks("a1", "ls");
      soon().until(() -> server.run("deny", "s").code() == 0);
    });
    Ran ran = server.run("prompt", "s", "-o", "json", "x").ok();
    Struct.Builder turn = Struct.newBuilder();
    JsonFormat.parser().merge(ran.line(), turn);

    assertThat(turn.getFieldsOrThrow("answer").getStringValue()).isEqualTo("whole");
    assertThat(ran.err().lines()).hasSize(2).first().asString().contains("cleat approve s a1");
  }

  @Test
  void infoShowsTheModeAndThoseThereAre() throws Exception {
    AgentModes.Builder modes =
        AgentModes.newBuilder()
            .setCurrentId("default")
            .addAvailable(AgentMode.newBuilder().setId("default"))
            .addAvailable(AgentMode.newBuilder().setId("plan"));
    agent.session(session -> session.setAgentMode("plan").setAgentModes(modes));
    assertThat(server.run("info", "s").ok().out())
        .contains("mode           default, plan from the next prompt on\n")
        .contains("modes          default, plan\n");
    agent.session(session -> session.setAgentModes(modes.setCurrentId("plan")));
    assertThat(server.run("info", "s").ok().out()).contains("mode           plan\n");
  }

  /** As if nothing were refused and filtered on the way: by an agent, a server, another client. */
  @Test
  void whatIsSaidDoesNothingToTheTerminal() {
    String evil = "e\033]0;owned\007\u009b31m\177\u202e\nowner          root";
    agent.session(session ->
        session
            .setName(evil)
            .setOwner(evil)
            .setTool(evil)
            .addArgs(evil)
            .setStatusMessage(evil)
            .setTitle(evil)
            .setWorkdir(evil)
            .setCurrentDirectory(evil)
            .setResumeToken(evil)
            .setEndpoint(evil)
            .addEnvNames(evil)
            .putLabels(evil, evil)
            .setModel(evil)
            .setAgentMode(evil)
            .setAgentModes(
                AgentModes.newBuilder()
                    .setCurrentId(evil)
                    .addAvailable(AgentMode.newBuilder().setId(evil + evil)))
            .setRole(evil)
            .setWorkspace(evil));
    agent.will(play -> {
      play.says(evil).calls("c", evil, evil).returned("c", true, evil).errs(evil);
      play.asks(evil, evil).awaitAnswer(evil);
      play.fails(evil);
    });
    List<Ran> all = new ArrayList<>();
    all.add(server.run("prompt", "s", "--no-wait", "x"));
    soon().until(() -> agent.approvals().size() == 1);
    all.add(server.run("approvals", "s").ok());
    all.add(server.run("approvals", "s", "-o", "json").ok());
    all.add(server.run("info", "s").ok());
    all.add(server.run("info", "s", "-o", "json").ok());
    all.add(server.run("deny", "s", evil).ok());
    agent.will(play -> {
      play.says(evil).calls("c", evil, evil).returned("c", true, evil).errs(evil);
      play.asks("a2", evil).passDeadlines();
      play.ends(TurnState.TURN_STATE_FAILED, TurnEndReason.TURN_END_REASON_AGENT_ERROR, evil);
    });
    Ran answer = server.run("prompt", "s", "x");
    agent.will(play -> play.fails(evil));
    all.add(server.run("prompt", "s", "--json", "x"));
    all.add(server.run("turns", "s").ok());
    all.add(server.run("turns", "s", "-o", "json").ok());
    all.add(server.run("approve", "s", evil));

    assertThat(all)
        .allSatisfy(ran -> {
          assertThat(ran.out() + ran.err()).isNotBlank();
          assertThat(ran.out() + ran.err()).doesNotContainPattern("[\\p{Cc}\\x{202e}&&[^\n\t]]");
        });
    // An answer is text, in whatever direction it is written.
    assertThat(answer.out()).contains("owner").doesNotContainPattern("[\\p{Cc}&&[^\n\t]]");
    assertThat(answer.err()).contains("owner").doesNotContainPattern("[\\p{Cc}\\x{202e}&&[^\n\t]]");
    // Nor does a line of it look like another.
    assertThat(all.get(3).lines()).filteredOn(line -> line.startsWith("owner ")).hasSize(1);
  }

  @Test
  void picturesGoWithThePromptByWhatIsInThem(@TempDir Path folder) throws IOException {
    byte[] png = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0};
    byte[] webp = "RIFF0000WEBPVP8 ".getBytes(StandardCharsets.ISO_8859_1);
    String first = Files.write(folder.resolve("a.jpg"), png).toString();
    String second = Files.write(folder.resolve("b"), webp).toString();

    server.run("prompt", "s", "--image", first, "--image", second, "what", "is it?").ok();

    assertThat(agent.prompts().getFirst().getImagesList())
        .extracting(image -> image.getMimeType() + " " + image.getData().size())
        .containsExactly("image/png 9", "image/webp 16");
  }

  @Test
  void whatIsNoPictureIsRefusedBeforeAnythingIsSent(@TempDir Path folder) throws IOException {
    Path text = Files.writeString(folder.resolve("a.png"), "no picture");
    Path large = Files.write(folder.resolve("large.gif"), new byte[(3 << 20) + 1]);
    for (Path file : List.of(text, large, folder, folder.resolve("none.png"))) {
      Ran ran = server.run("prompt", "s", "--image", file.toString(), "x");

      assertThat(ran.code()).isEqualTo(2);
      assertThat(ran.err()).startsWith("cleat: --image " + file + ": ").hasLineCount(1);
    }
    assertThat(agent.prompts()).isEmpty();
  }

  @Test
  void newPassesOnWhatAnAgentIsTold() {
    server
        .run(
            "new",
            "claude",
            "--way",
            "headless",
            "--resume-token",
            "r",
            "--revive",
            "on-prompt",
            "--endpoint",
            "http://127.0.0.1:1",
            "--role",
            "a critic",
            "--auto-approve",
            "Read",
            "--auto-approve",
            "Bash:^git (log|diff)",
            "--auto-approve",
            ":tests?",
            "--approval-timeout",
            "90s")
        .ok();
    server.run("new", "claude", "--auto-approve-all", "--name", "x").ok();
    server.run("new", "claude").ok();

    CreateRequest first = agent.created().get(0);
    assertThat(first.getPromptWay()).isEqualTo(PromptWay.PROMPT_WAY_HEADLESS);
    assertThat(first.getResumeToken()).isEqualTo("r");
    assertThat(first.getRevive()).isEqualTo(RevivePolicy.REVIVE_POLICY_ON_PROMPT);
    assertThat(first.getEndpoint()).isEqualTo("http://127.0.0.1:1");
    assertThat(first.getRole()).isEqualTo("a critic");
    assertThat(first.getApprovals().getTimeout().getSeconds()).isEqualTo(90);
    assertThat(first.getApprovals().getAutoApproveList())
        .extracting(rule -> rule.getTool() + " " + rule.getPattern())
        .containsExactly("Read ", "Bash ^git (log|diff)", " tests?");
    CreateRequest second = agent.created().get(1);
    assertThat(second.getApprovals().getAutoApproveCount()).isEqualTo(1);
    assertThat(second.getApprovals().getAutoApprove(0).getSerializedSize()).isZero();
    assertThat(second.getName()).isEqualTo("x");
    assertThat(agent.created().get(2).hasApprovals()).isFalse();
  }

  @Test
  void sessionIsFoundByWhatItsToolCallsItsOwn() {
    agent.session(session -> session.setResumeToken("7C5B-token"));

    assertThat(server.run("info", "7C5B-token").ok().lines()).contains("resume token   7C5B-token");
    assertThat(server.run("info", "7C5B").err()).contains("no session");
  }

  @Test
  void infoShowsWhatThereIsToKnowAboutAnAgent() {
    agent.session(session ->
        session
            .setResumeToken("token")
            .setRevive(RevivePolicy.REVIVE_POLICY_AT_ONCE)
            .setEndpoint("http://e")
            .setUsage(
                Usage.newBuilder()
                    .setInputTokens(1200)
                    .setCachedInputTokens(1000)
                    .setOutputTokens(34)
                    .setCostUsd(0.0125)));

    assertThat(server.run("info", "s").ok().lines())
        .contains(
            "way            acp",
            "resume token   token",
            "revive         at once",
            "endpoint       http://e",
            "usage          1200 tokens read, 1000 of them cached, 34 written; $0.0125");
  }
}
