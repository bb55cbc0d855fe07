package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.PromptWay;
import dev.cleat.client.Session;
import dev.cleat.e2e.ServerCommand;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An agent calls the model that its session names, else the one that the catalogue does. */
@RealAgents
class AgentEndpointsTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  static Stream<Arguments> withAVariable() {
    return AgentSessions.agentsAndWays()
        .filter(arguments -> List.of(Agent.CLAUDE, Agent.GEMINI).contains(arguments.get()[0]));
  }

  private static String variable(Agent agent) {
    return switch (agent) {
      case CLAUDE -> AgentHome.CLAUDE_ENDPOINT;
      case GEMINI -> AgentHome.GEMINI_ENDPOINT;
      case CODEX, OPENCODE -> throw new IllegalArgumentException("it has no variable");
    };
  }

  /** A tool as it comes, with another endpoint, and one more with yet another. */
  private Path catalogue(Agent agent, ModelApi other) throws IOException {
    String tool = agent.name().toLowerCase(Locale.ROOT);
    String forms =
        switch (agent) {
          case CLAUDE ->
              """
              acp: {command: [claude-agent-acp]}, headless: {input: claude, output: claude,
              command: [claude, -p, --input-format, stream-json, --output-format, stream-json, --verbose]}\
              """;
          case GEMINI ->
              """
              acp: {command: [gemini, --acp]}, headless: {output: gemini,
              command: [gemini, --output-format, stream-json, "--prompt={prompt}"]}\
              """;
          case CODEX, OPENCODE -> throw new IllegalArgumentException("it has no variable");
        };
    return Files.writeString(
        folder.resolve("tools.yaml"),
        """
        tools: {
        %s: {endpoint: {variable: %s}, env: {%s: "%s"}},
        another: {%s, endpoint: {variable: %s}, env: {%s: "%s"}}
        }
        """
            .formatted(
                tool,
                variable(agent),
                variable(agent),
                model.url(),
                forms,
                variable(agent),
                variable(agent),
                other.url()));
  }

  @ParameterizedTest
  @MethodSource("withAVariable")
  void sessionsWordIsOverItsEnvironmentOverItsTools(Agent agent, PromptWay way) throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    Map<String, String> environment = new HashMap<>(home.environment());
    environment.remove(variable(agent));
    try (ModelApi ofTool = ModelApi.start();
        ModelApi ofSession = ModelApi.start()) {
      model.otherwise(request -> Reply.text("The server's."));
      ofTool.otherwise(request -> Reply.text("The tool's."));
      ofSession.otherwise(request -> Reply.text("The session's."));
      ServerProcess server =
          servers.start(
              ServerCommand.on(folder.resolve("data"))
                  .flag("--catalogue", catalogue(agent, ofTool).toString()));
      try (CleatClient cleat = server.client()) {
        Function<String, NewSession> session =
            tool -> {
              servers.home(home.home());
              return NewSession.of(tool).workdir(home.work().toString()).env(environment).way(way);
            };
        String tool = agent.name().toLowerCase(Locale.ROOT);
        assertAnswers(cleat, session.apply(tool), "The server's.");
        assertAnswers(cleat, session.apply("another"), "The tool's.");
        assertAnswers(cleat, session.apply(tool).env(variable(agent), ofTool.url()), "The tool's.");
        assertAnswers(
            cleat,
            session.apply("another").env(variable(agent), model.url()).endpoint(ofSession.url()),
            "The session's.");
      }
    }
  }

  private static void assertAnswers(CleatClient cleat, NewSession session, String answer) {
    assertThat(succeeded(cleat.create(session).prompt("Whose are you?")).answer()).endsWith(answer);
  }

  static Stream<Arguments> toldByTheCatalogue() {
    String codex =
        """
        tools:
          codex:
            endpoint: {args: [-c, 'model_providers.loopback.base_url="{endpoint}/v1"']}
            acp:
              command: [codex-acp]
              endpoint: {json: {CODEX_CONFIG: {model_providers: {loopback: {base_url: "{endpoint}/v1"}}}}}
        """;
    String opencode =
        """
        tools:
          opencode:
            endpoint:
              json: {OPENCODE_CONFIG_CONTENT: {provider: {loopback: {options: {baseURL: "{endpoint}/v1"}}}}}
        """;
    return Stream.of(PromptWay.ACP, PromptWay.HEADLESS)
        .flatMap(way ->
            Stream.of(
                Arguments.of(Agent.CODEX, way, codex),
                Arguments.of(Agent.OPENCODE, way, opencode)));
  }

  /** Providers have the names that their user's settings give them. */
  @ParameterizedTest
  @MethodSource("toldByTheCatalogue")
  void providerOfTheUsersIsToldAsTheCatalogueSays(Agent agent, PromptWay way, String catalogue)
      throws Exception {
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    Path file = Files.writeString(folder.resolve("tools.yaml"), catalogue);
    ServerCommand command =
        ServerCommand.on(folder.resolve("data")).flag("--catalogue", file.toString());
    try (ModelApi ofSession = ModelApi.start();
        CleatClient cleat = servers.start(command).client()) {
      model.otherwise(request -> Reply.text("Its own settings'."));
      ofSession.otherwise(request -> Reply.text("The session's."));
      NewSession session = AgentSessions.of(servers, agent, home, way);

      assertThat(answers(cleat.create(session.endpoint(ofSession.url()))))
          .contains("The session's.");
    }
  }

  private static String answers(Session session) {
    return succeeded(session.prompt("Whose are you?")).raw().getOutputPreview();
  }

  @ParameterizedTest
  @EnumSource(names = {"ACP", "HEADLESS"})
  void agentThatCannotBeToldRefusesIt(PromptWay way) throws Exception {
    AgentHome home = Agent.OPENCODE.home(folder, model, AgentHome.Asks.NEVER);
    try (CleatClient cleat = servers.start(folder.resolve("data")).client()) {
      NewSession session =
          AgentSessions.of(servers, Agent.OPENCODE, home, way).endpoint(model.url());
      CleatException refusal =
          catchThrowableOfType(CleatException.class, () -> cleat.create(session));
      assertThat(refusal.reason()).isEqualTo("TOOL_NOT_SUPPORTED");
      assertThat(refusal).hasMessageContaining("cannot be told its endpoint");
    }
  }
}
