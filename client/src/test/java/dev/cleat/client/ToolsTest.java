package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.v1.GetToolHelpRequest;
import dev.cleat.v1.GetToolHelpResponse;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.GetToolResponse;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.ListToolsResponse;
import dev.cleat.v1.PromptStyle;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.Tool;
import dev.cleat.v1.ToolServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The catalogue of tools, as a client sees it. */
class ToolsTest {

  /** A catalogue of two, in pages of one. */
  private static final class Tools extends ToolServiceGrpc.ToolServiceImplBase {
    private static final Tool SHELL =
        Tool.newBuilder()
            .setName("sh")
            .setInstalled(true)
            .setPromptStyle(PromptStyle.PROMPT_STYLE_STILLNESS)
            .addPromptWays(PromptWay.PROMPT_WAY_TERMINAL)
            .addAvailableWays(PromptWay.PROMPT_WAY_TERMINAL)
            .build();
    private static final Tool AGENT =
        Tool.newBuilder()
            .setName("agent")
            .setDescription("An agent.")
            .addPromptWays(PromptWay.PROMPT_WAY_ACP)
            .addPromptWays(PromptWay.PROMPT_WAY_HEADLESS)
            .addPromptWaysValue(77)
            .build();

    @Override
    public void listTools(ListToolsRequest request, StreamObserver<ListToolsResponse> responses) {
      boolean first = request.getPageToken().isEmpty();
      responses.onNext(
          ListToolsResponse.newBuilder()
              .addTools(
                  (first ? AGENT : SHELL)
                      .toBuilder().setVersion(request.getVersions() ? "7" : "").setPath("/bin/x"))
              .setNextPageToken(first ? "more" : "")
              .build());
      responses.onCompleted();
    }

    @Override
    public void getTool(GetToolRequest request, StreamObserver<GetToolResponse> responses) {
      responses.onNext(
          GetToolResponse.newBuilder()
              .setTool(AGENT.toBuilder().setName(request.getName()).setVersion("7"))
              .build());
      responses.onCompleted();
    }

    @Override
    public void getToolHelp(
        GetToolHelpRequest request, StreamObserver<GetToolHelpResponse> responses) {
      if (!request.getName().equals("agent")) {
        responses.onError(Failures.of(Status.Code.FAILED_PRECONDITION, "NO_HELP"));
        return;
      }
      responses.onNext(
          GetToolHelpResponse.newBuilder().setText("Usage").setTruncated(true).build());
      responses.onCompleted();
    }
  }

  private final LoopbackServer server = new LoopbackServer(new Tools());
  private final CleatClient client = CleatClient.connect(server.target());

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void allPagesAreListed() {
    assertThat(client.tools()).extracting(ToolInfo::name).containsExactly("agent", "sh");
    assertThat(client.tools().get(1))
        .satisfies(
            shell -> assertThat(shell.installed()).isTrue(),
            shell -> assertThat(shell.style()).isEqualTo(ToolInfo.Style.STILLNESS),
            shell -> assertThat(shell.availableWays()).containsExactly(ToolInfo.Way.TERMINAL));
  }

  @Test
  void allHaveTheirVersionsWhereThatIsAskedFor() {
    assertThat(client.tools()).extracting(ToolInfo::version).containsOnly("");
    assertThat(client.toolsWithVersions()).extracting(ToolInfo::version).containsExactly("7", "7");
    assertThat(client.tools()).extracting(ToolInfo::path).containsOnly("/bin/x");
  }

  @Test
  void oneToolHasItsVersion() {
    ToolInfo agent = client.tool("agent");

    assertThat(agent.version()).isEqualTo("7");
    assertThat(agent.description()).isEqualTo("An agent.");
    assertThat(agent.ways())
        .containsExactly(ToolInfo.Way.ACP, ToolInfo.Way.HEADLESS, ToolInfo.Way.UNKNOWN);
    assertThat(agent.availableWays()).isEmpty();
    assertThat(agent.style()).isEqualTo(ToolInfo.Style.UNKNOWN);
    assertThat(agent)
        .hasToString("ToolInfo[name=agent, installed=false, ways=[ACP, HEADLESS, UNKNOWN]]");
  }

  @Test
  void helpIsTheToolsOwn() {
    assertThat(client.toolHelp("agent")).isEqualTo(new ToolHelp("Usage", true));
    assertThatThrownBy(() -> client.toolHelp("sh"))
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("NO_HELP"));
  }
}
