package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_HELP;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOOL_NOT_INSTALLED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_TOOL;
import static dev.cleat.v1.PromptWay.PROMPT_WAY_ACP;
import static dev.cleat.v1.PromptWay.PROMPT_WAY_HEADLESS;
import static dev.cleat.v1.PromptWay.PROMPT_WAY_TERMINAL;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.auth.Caller;
import dev.cleat.v1.GetToolHelpRequest;
import dev.cleat.v1.GetToolHelpResponse;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.PromptStyle;
import dev.cleat.v1.Role;
import dev.cleat.v1.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** The calls of the tool service, against programs that are scripts. */
@Isolated(
    "runs a program that it has just written, which a process starting meanwhile could hold open")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ToolCallsTest {
  private TestServer server;
  private Path agent;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    agent =
        Files.writeString(
            folder.resolve("agent"),
            """
            #!/bin/sh
            case $1 in
              --version) printf '\\n\\033[1magent 7\\033[0m%s\\nmore\\n' "$(printf %300s x)" ;;
              --help) printf '\\033[1mUsage\\033[0m: agent\\r\\n' ;;
              --endless) yes ;;
            esac
            """);
    Files.setPosixFilePermissions(agent, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              agent:
                command: [AGENT]
                acp: {command: [/no/such/acp]}
                headless: {command: [AGENT, "{prompt}"], output: claude}
                version: [--version]
                help: [--help]
              away: {command: [/no/such/away], version: [--version], help: [--help]}
              endless: {command: [AGENT], help: [--endless]}
              mute: {command: [AGENT], turns: stillness}
            """
                .replace("AGENT", agent.toString()));
    server = TestServer.start(folder.resolve("data"), Map.of("catalogue", catalogue.toString()));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private Tool tool(String name) {
    return server.tools().getTool(GetToolRequest.newBuilder().setName(name).build()).getTool();
  }

  private GetToolHelpResponse help(String name) {
    return server.tools().getToolHelp(GetToolHelpRequest.newBuilder().setName(name).build());
  }

  @Test
  void toolHasItsWaysAndItsVersion() {
    Tool agent = tool("agent");

    assertThat(agent.getPromptWaysList()).containsExactly(PROMPT_WAY_ACP, PROMPT_WAY_HEADLESS);
    assertThat(agent.getAvailableWaysList()).containsExactly(PROMPT_WAY_HEADLESS);
    assertThat(agent.getPromptStyle()).isEqualTo(PromptStyle.PROMPT_STYLE_UNSPECIFIED);
    assertThat(agent.getInstalled()).isTrue();
    assertThat(agent.getVersion()).startsWith("agent 7").hasSize(200);
    assertThat(tool("away")).isEqualTo(Tool.newBuilder().setName("away").build());
    assertThat(tool("mute").getVersion()).isEmpty();
    assertThat(tool("mute").getAvailableWaysList()).containsExactly(PROMPT_WAY_TERMINAL);
  }

  @Test
  void pathIsToldToAdministratorsOnly() {
    assertThat(tool("agent").getPath()).isEqualTo(agent.toString());
    assertThat(tool("away").getPath()).isEmpty();
    for (Role role : List.of(Role.ROLE_VIEWER, Role.ROLE_WRITER, Role.ROLE_OWNER)) {
      Caller caller = new Caller(Caller.DEFAULT_TENANT, "someone", role, null);
      assertThat(
              server.tools(caller).listTools(ListToolsRequest.getDefaultInstance()).getToolsList())
          .isNotEmpty()
          .allSatisfy(tool -> assertThat(tool.getPath()).isEmpty());
    }
  }

  @Test
  void listHasVersionsWhereTheyAreAskedFor() {
    List<Tool> tools =
        server
            .tools()
            .listTools(ListToolsRequest.newBuilder().setVersions(true).build())
            .getToolsList();

    assertThat(tools)
        .extracting(Tool::getName)
        .isSorted()
        .contains("agent", "away", "bash", "endless", "mute");
    assertThat(tools).allSatisfy(listed -> assertThat(listed).isEqualTo(tool(listed.getName())));
    assertThat(tool("agent").getVersion()).startsWith("agent 7");
  }

  @Test
  void listHasTheWaysAndAsksForNoVersion() {
    assertThat(
            server.tools().listTools(ListToolsRequest.getDefaultInstance()).getToolsList().stream()
                .filter(tool -> tool.getName().equals("agent")))
        .singleElement()
        .satisfies(agent -> assertThat(agent.getAvailableWaysList()).hasSize(1))
        .satisfies(agent -> assertThat(agent.getVersion()).isEmpty());
  }

  @Test
  void helpIsPlainText() {
    assertThat(help("agent"))
        .isEqualTo(GetToolHelpResponse.newBuilder().setText("Usage: agent\n").build());
  }

  @Test
  void helpIsCutAtItsLimit() {
    GetToolHelpResponse help = help("endless");

    assertThat(help.getText()).hasSize(256 << 10);
    assertThat(help.getTruncated()).isTrue();
  }

  @Test
  void helpThatThereIsNotIsRefused() {
    Refused.by(() -> help("mute"))
        .with(FAILED_PRECONDITION, ERROR_REASON_NO_HELP)
        .metadata("tool", "mute");
    Refused.by(() -> help("away"))
        .with(FAILED_PRECONDITION, ERROR_REASON_TOOL_NOT_INSTALLED)
        .metadata("tool", "away");
    Refused.by(() -> help("agnt")).with(NOT_FOUND, ERROR_REASON_UNKNOWN_TOOL);
    Refused.by(() -> help("")).with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST).field("name");
  }
}
