package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionSettings;
import dev.cleat.client.Turn;
import dev.cleat.client.TurnEvent;
import dev.cleat.client.TurnEvents;
import dev.cleat.e2e.ServerCommand;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Turns of {@code aider} as the built-in catalogue runs it. It comes from no npm registry: a
 * program with its options, its chat history file and its exit codes stands in for it.
 */
class AiderTest {
  private static final Path PROGRAMS =
      Path.of(System.getProperty("cleat.root"), "src/e2e/aider/bin");
  private static final String PATH = PROGRAMS + ":" + System.getenv("PATH");

  private static final List<String> PROMPTS =
      List.of(
          "--help",
          "-x",
          "=",
          "\"double\" 'single' `id` $(id) ${HOME} $HOME \\ \\n * ? ~ # ; & | < > !",
          "Two lines,\n\tthe second with a tab, then an empty one:\n\n  and $(the) 'last'\n",
          "\u00e9\u4e16\ud83d\ude00 {prompt} {session} {model}");

  @RegisterExtension static final Servers SERVERS = new Servers();
  private static CleatClient cleat;
  @TempDir Path folder;

  @BeforeAll
  static void start(@TempDir Path data) throws Exception {
    cleat = SERVERS.start(data.resolve("data")).client();
  }

  @AfterAll
  static void disconnect() {
    cleat.close();
  }

  private NewSession aider() throws Exception {
    Path project = Files.createDirectories(folder.resolve("project"));
    return NewSession.of("aider").workdir(project.toString()).env("PATH", PATH);
  }

  private List<Path> histories() throws Exception {
    try (Stream<Path> files = Files.list(folder.resolve("project"))) {
      return files.sorted().toList();
    }
  }

  private static String answer(Turn turn) {
    return succeeded(turn).answer();
  }

  @Test
  void thirdTurnOfASessionKnowsTheFirstAndNoOtherSessionDoes() throws Exception {
    Session session = cleat.create(aider());
    assertThat(answer(session.prompt("My name is Ann.")))
        .isEqualTo(
            """
            Aider v0.86.1
            Model: gpt-4o with whole edit format

            You said: My name is Ann.
            """);
    succeeded(session.prompt("And this is Bob."));
    assertThat(answer(session.prompt("recall")))
        .contains("Restored previous conversation history.")
        .endsWith("\nMy name is Ann.\nAnd this is Bob.\nrecall\n");

    assertThat(answer(cleat.create(aider()).prompt("recall")))
        .doesNotContain("Restored")
        .endsWith("\n\nrecall\n");
    String token = session.refresh().resumeToken();
    assertThat(UUID.fromString(token)).hasToString(token);
    assertThat(histories())
        .hasSize(2)
        .contains(folder.resolve("project/.aider.chat." + token + ".md"));
    assertThat(session.info().way()).isEqualTo(PromptWay.HEADLESS);
  }

  @Test
  void conversationGoesOnWhenTheServerWasKilledBetweenTurns() throws Exception {
    Path data = folder.resolve("data");
    ServerProcess server = SERVERS.start(data);
    String id;
    try (CleatClient client = server.client()) {
      Session session = client.create(aider().revive(RevivePolicy.ON_PROMPT));
      succeeded(session.prompt("My name is Ann."));
      id = session.id();
    }
    server.kill();
    try (CleatClient client = SERVERS.start(data).client()) {
      assertThat(answer(client.session(id).prompt("recall")))
          .endsWith("\nMy name is Ann.\nrecall\n");
      assertThat(histories()).hasSize(1);
    }
  }

  @Test
  void conversationGoesOnInAnotherSession() throws Exception {
    Session session = cleat.create(aider());
    succeeded(session.prompt("My name is Ann."));
    String token = session.refresh().resumeToken();
    session.delete(true);

    assertThat(answer(cleat.create(aider().resumeToken(token)).prompt("recall")))
        .endsWith("\nMy name is Ann.\nrecall\n");
  }

  @Test
  void modelIsTheSessionsAtEachTurn() throws Exception {
    Session session = cleat.create(aider().customize(request -> request.setModel("openai/first")));
    assertThat(answer(session.prompt("Hello."))).contains("\nModel: openai/first with ");
    session.update(new SessionSettings().model("openai/second"));
    assertThat(answer(session.prompt("Hello."))).contains("\nModel: openai/second with ");
  }

  @Test
  void promptArrivesWhole() throws Exception {
    for (String prompt : PROMPTS) {
      Session session = cleat.create(aider());
      assertThat(answer(session.prompt(prompt))).endsWith("\n\nYou said: " + prompt + "\n");
      assertThat(answer(session.prompt("recall")))
          .endsWith("\n\n" + prompt.stripTrailing() + "\nrecall\n");
    }
  }

  @Test
  void failureHasItsExitCodeAndWhatWasOnStandardError() throws Exception {
    Session session = cleat.create(aider());
    succeeded(session.prompt("My name is Ann."));
    Turn failed = session.prompt("crash");

    assertThat(failed.state()).isEqualTo(Turn.State.FAILED);
    assertThat(failed.endReason()).isEqualTo(Turn.EndReason.EXIT_CODE);
    assertThat(failed.exitCode()).hasValue(1);
    assertThat(failed.errorTail())
        .startsWith("Traceback (most recent call last):\n")
        .endsWith("RuntimeError: as told\n");
    assertThat(answer(session.prompt("recall"))).endsWith("\nMy name is Ann.\ncrash\nrecall\n");
  }

  /** So the options of the catalogue, which all tests here use, are all known. */
  @Test
  void optionThatItDoesNotKnowFailsTheTurn() throws Exception {
    Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              aider: {headless: {command: [aider, --chat-file, a.md, "--message={prompt}"]}}
            """);
    ServerCommand command =
        ServerCommand.on(folder.resolve("data")).flag("--catalogue", catalogue.toString());
    try (CleatClient client = SERVERS.start(command).client()) {
      Turn failed = client.create(aider()).prompt("Hello.");
      assertThat(failed.state()).isEqualTo(Turn.State.FAILED);
      assertThat(failed.exitCode()).hasValue(2);
      assertThat(failed.errorTail())
          .endsWith("aider: error: unrecognized arguments: --chat-file\n");
    }
  }

  @Test
  void eachSessionHasItsOwnEndpoint() throws Exception {
    Session first = cleat.create(aider().endpoint("http://127.0.0.1:1/v1"));
    Session second = cleat.create(aider().endpoint("http://127.0.0.1:2/v1"));
    Session third = cleat.create(aider());
    assertThat(answer(first.prompt("endpoint"))).endsWith("\n\nhttp://127.0.0.1:1/v1\n");
    assertThat(answer(second.prompt("endpoint"))).endsWith("\n\nhttp://127.0.0.1:2/v1\n");
    assertThat(answer(third.prompt("endpoint"))).endsWith("\n\nits own\n");
  }

  /** When it is interrupted it ends with 0, as if it were done. */
  @Test
  void cancelEndsTheTurnAndTheNextGoesOn() throws Exception {
    Session session = cleat.create(aider());
    succeeded(session.prompt("My name is Ann."));
    RunningTurn running = session.start(Prompt.of("wait"));
    try (TurnEvents events = running.events()) {
      for (TurnEvent event : events) {
        if (event instanceof TurnEvent.AgentText text && text.text().contains("It takes long.")) {
          running.cancel();
        }
      }
    }
    Turn cancelled = running.await();
    assertThat(cancelled.state()).isEqualTo(Turn.State.CANCELLED);
    assertThat(cancelled.answer()).endsWith("It takes long.\n^C KeyboardInterrupt\n");
    assertThat(answer(session.prompt("recall"))).endsWith("\nMy name is Ann.\nwait\nrecall\n");
  }
}
