package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.tool.ToolException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The ways to talk to a tool: which there are, and what each starts. */
@DisabledOnOs(OS.WINDOWS)
class CatalogueWaysTest {
  private static final String AGENTS =
      """
      tools:
        full:
          command: [full-program]
          pipes_command: [full-program, "-"]
          acp: {command: [full-acp, --stdio]}
          headless:
            command: [full-program, "{prompt}"]
            resume: [full-program, -r, "{session}", "{prompt}"]
            output: claude
          env: {A_URL: tool, KEY: k}
          endpoint: {variable: [A_URL, B_URL]}
        named:
          headless:
            command: [named-program, --id, "{session}", "{prompt}"]
            resume: [named-program, --go-on, "{session}", "{prompt}"]
            token: set
        told:
          command: [told-program]
          acp:
            command: [told-acp]
            endpoint: {json: {CONFIG: {provider: own, urls: [{url: "{endpoint}/v1"}], wait: 30, half: 0.50, try: true}}}
            role: {json: {CONFIG: {provider: other, words: {said: "You are: {role}"}}}}
          headless:
            command: [told-program, run, "{prompt}"]
          endpoint: {args: [-c, 'url="{endpoint}"']}
          role: {args: [--words, "You are: {role}"]}
        template:
          headless:
            command: [told-program, "{prompt}", [--role, "{role}"]]
          role: {args: [--words, "{role}"]}
      """;

  @TempDir Path folder;
  private Path bin;
  private Catalogue catalogue;

  @BeforeEach
  void open() throws Exception {
    bin = Files.createDirectory(folder.resolve("bin"));
    Path file = Files.writeString(folder.resolve("tools.yaml"), AGENTS);
    ShellInit shells = ShellInit.install(folder.resolve("shells"));
    catalogue = Catalogue.open(file, shells, Map.of("PATH", bin.toString()), Os.LINUX, () -> 0);
  }

  private String program(String name) throws Exception {
    Path program = Files.createFile(bin.resolve(name));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return program.toString();
  }

  private LaunchRequest request(String tool, Way way, String endpoint, String... args) {
    return telling(tool, way, endpoint, "", args);
  }

  private LaunchRequest telling(
      String tool, Way way, String endpoint, String role, String... args) {
    return new LaunchRequest(
        tool,
        List.of(args),
        way,
        Mode.PTY,
        Map.of("B_URL", "caller"),
        endpoint,
        role,
        folder,
        "s1",
        Site.SERVER);
  }

  private TurnWords words(String session) {
    return new TurnWords("hi", session, "", folder, "", List.of());
  }

  @Test
  void waysAreThoseOfTheEntryAndAvailableOnesThoseInstalled() throws Exception {
    Tool full = catalogue.tool("full");
    assertThat(catalogue.ways(full)).containsExactly(Way.ACP, Way.HEADLESS, Way.TERMINAL);
    assertThat(catalogue.ways(catalogue.tool("bash"))).containsExactly(Way.TERMINAL);
    assertThat(catalogue.ways(catalogue.tool("gemini")))
        .containsExactly(Way.ACP, Way.HEADLESS, Way.TERMINAL);

    assertThat(catalogue.available(full)).isEmpty();
    program("full-program");
    assertThat(catalogue.available(full)).containsExactly(Way.HEADLESS, Way.TERMINAL);
    program("full-acp");
    assertThat(catalogue.available(full)).containsExactly(Way.ACP, Way.HEADLESS, Way.TERMINAL);
  }

  @Test
  void agentThatSpeaksAcpIsOnPipes() throws Exception {
    String acp = program("full-acp");

    Launch launch = catalogue.resolve(request("full", Way.ACP, "", "--x"));

    assertThat(launch.argv()).containsExactly(acp, "--stdio", "--x");
    assertThat(launch.mode()).isEqualTo(Mode.PIPES);
    assertThat(launch.way()).isEqualTo(Way.ACP);
    assertThat(launch.turnEnd()).isEqualTo(TurnEnd.NONE);
    assertThat(launch.environment()).containsEntry("TERM", "dumb");
    assertThat(launch.session()).isEmpty();
  }

  @Test
  void turnsGoOnWithTheSessionThatWasFound() throws Exception {
    String program = program("full-program");
    LaunchRequest request = request("full", Way.HEADLESS, "", "--x");

    Launch first = catalogue.resolveTurn(request, words(""), false);
    Launch second = catalogue.resolveTurn(request, words("s-7"), true);

    assertThat(first.argv()).containsExactly(program, "--x", "hi");
    assertThat(first.session()).isEmpty();
    assertThat(first.mode()).isEqualTo(Mode.PIPES);
    assertThat(second.argv()).containsExactly(program, "--x", "-r", "s-7", "hi");
    assertThat(second.session()).contains("s-7");
    assertThatThrownBy(() -> catalogue.resolveTurn(request, words(""), true))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> catalogue.resolve(request))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sessionThatCleatNamesIsNewForEachFirstTurn() throws Exception {
    String program = program("named-program");
    LaunchRequest request = request("named", Way.HEADLESS, "");

    Launch first = catalogue.resolveTurn(request, words(""), false);
    Launch other = catalogue.resolveTurn(request, words(""), false);
    String id = first.session().orElseThrow();

    assertThat(UUID.fromString(id)).hasToString(id);
    assertThat(first.argv()).containsExactly(program, "--id", id, "hi");
    assertThat(other.session()).isNotEqualTo(first.session());
    assertThat(catalogue.resolveTurn(request, words("mine"), false).session()).contains("mine");
    assertThat(catalogue.resolveTurn(request, words(id), true).argv())
        .containsExactly(program, "--go-on", id, "hi");
  }

  @Test
  void endpointOfTheRequestWinsOverTheCatalogues() throws Exception {
    program("full-acp");

    assertThat(catalogue.resolve(request("full", Way.ACP, "")).environment())
        .containsEntry("A_URL", "tool")
        .containsEntry("B_URL", "caller")
        .containsEntry("KEY", "k");
    assertThat(catalogue.resolve(request("full", Way.ACP, "http://h")).environment())
        .containsEntry("A_URL", "http://h")
        .containsEntry("B_URL", "http://h")
        .containsEntry("KEY", "k");
  }

  private ToolException refused(LaunchRequest request) {
    return catchThrowableOfType(ToolException.class, () -> catalogue.check(request));
  }

  @Test
  void wayThatAToolDoesNotHaveIsRefused() throws Exception {
    program("bash");
    program("named-program");

    assertThat(refused(request("bash", Way.ACP, "")))
        .hasMessage("The tool 'bash' has no acp form; it has terminal")
        .satisfies(
            e -> assertThat(e.kind()).isEqualTo(Kind.NO_SUCH_WAY),
            e -> assertThat(e.way()).contains(Way.ACP));
    assertThat(refused(request("named", Way.TERMINAL, "")).kind()).isEqualTo(Kind.NO_SUCH_WAY);
    catalogue.check(request("named", Way.HEADLESS, ""));
  }

  @Test
  void toolThatCannotBeToldAnEndpointIsNotStartedWithoutIt() throws Exception {
    program("bash");

    assertThat(refused(request("bash", Way.TERMINAL, "http://h")))
        .hasMessage(
            "The tool 'bash' cannot be told its endpoint by terminal: its entry in the catalogue"
                + " does not say how")
        .satisfies(
            e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_SUPPORTED),
            e -> assertThat(e.field()).isEqualTo("endpoint"));
  }

  @Test
  void programIsToldByWordsBehindItAndBeforeTheSessionsOwn() throws Exception {
    String program = program("told-program");

    assertThat(
            catalogue.resolve(telling("told", Way.TERMINAL, "http://h", "a {role}", "--x")).argv())
        .containsExactly(program, "-c", "url=\"http://h\"", "--words", "You are: a {role}", "--x");
    assertThat(
            catalogue
                .resolveTurn(
                    telling("told", Way.HEADLESS, "http://h", "r", "--x"), words(""), false)
                .argv())
        .containsExactly(
            program, "-c", "url=\"http://h\"", "--words", "You are: r", "--x", "run", "hi");
  }

  @Test
  void settingsThatShareAVariableAreOneDocument() throws Exception {
    program("told-acp");

    Launch both = catalogue.resolve(telling("told", Way.ACP, "http://h", "a \"wise\"\none"));
    Launch role = catalogue.resolve(telling("told", Way.ACP, "", "r"));

    assertThat(both.argv()).hasSize(1);
    assertThat(both.environment())
        .containsEntry(
            "CONFIG",
            """
            {"provider":"other","urls":[{"url":"http://h/v1"}],"wait":30,"half":0.50,"try":true,\
            "words":{"said":"You are: a \\"wise\\"\\none"}}\
            """);
    assertThat(both.role()).as("told already").isEmpty();
    assertThat(role.environment())
        .containsEntry("CONFIG", "{\"provider\":\"other\",\"words\":{\"said\":\"You are: r\"}}");
    assertThat(catalogue.resolve(request("told", Way.ACP, "")).environment())
        .doesNotContainKey("CONFIG");
  }

  @Test
  void documentDoesNotReplaceOneOfTheSessions() throws Exception {
    program("told-acp");
    LaunchRequest taken =
        new LaunchRequest(
            "told",
            List.of(),
            Way.ACP,
            Mode.PIPES,
            Map.of("CONFIG", "{}"),
            "http://h",
            "",
            folder,
            "s1",
            Site.SERVER);

    assertThat(refused(taken))
        .hasMessageContaining("CONFIG is what tells the tool 'told' its endpoint or role")
        .satisfies(
            e -> assertThat(e.kind()).isEqualTo(Kind.VARIABLE_TAKEN),
            e -> assertThat(e.field()).isEqualTo("env"));
  }

  @Test
  void roleHasOneWayToTheTool() throws Exception {
    String program = program("told-program");
    program("full-acp");
    program("full-program");
    TurnWords words = new TurnWords("hi", "", "", folder, "r", List.of());

    assertThat(
            catalogue.resolveTurn(telling("template", Way.HEADLESS, "", "r"), words, false).argv())
        .as("the template has it")
        .containsExactly(program, "hi", "--role", "r");
    assertThat(catalogue.resolve(telling("full", Way.ACP, "", "r")).role())
        .as("to be told by the protocol")
        .isEqualTo("r");
    assertThat(refused(telling("full", Way.HEADLESS, "", "r")))
        .hasMessage("The tool 'full' cannot be told its role by headless: it can by acp")
        .satisfies(e -> assertThat(e.field()).isEqualTo("role"));
  }

  @Test
  void programOfTheWayMustBeInstalled() throws Exception {
    program("full-program");

    assertThat(refused(request("full", Way.ACP, "")))
        .hasMessageContaining("'full-acp' is not installed")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_INSTALLED));
    catalogue.check(request("full", Way.HEADLESS, ""));
    catalogue.check(request("full", Way.TERMINAL, ""));
  }

  @Test
  void promptIsNotPrinted() throws Exception {
    program("named-program");
    TurnWords secret = new TurnWords("secret", "", "", folder, "", List.of());

    assertThat(
            secret + " " + catalogue.resolveTurn(request("named", Way.HEADLESS, ""), secret, false))
        .doesNotContain("secret");
  }
}
