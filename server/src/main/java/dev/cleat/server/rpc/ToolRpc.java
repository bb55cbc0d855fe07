package dev.cleat.server.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.rpc.Code;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.reader.PlainText;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.tool.Answer;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.Questions;
import dev.cleat.server.tool.ToolException;
import dev.cleat.server.tool.ToolStatus;
import dev.cleat.server.tool.TurnEnd;
import dev.cleat.server.tool.Way;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.GetToolHelpRequest;
import dev.cleat.v1.GetToolHelpResponse;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.GetToolResponse;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.ListToolsResponse;
import dev.cleat.v1.PromptStyle;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.Role;
import dev.cleat.v1.Tool;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** The calls of the tool service. */
final class ToolRpc {
  private static final int VERSION_CHARACTERS = 200;
  private static final int VERSIONS_AT_A_TIME = 4;

  private final Catalogue catalogue;
  private final Questions questions;
  private final Policy policy;

  ToolRpc(Catalogue catalogue, Policy policy) {
    this.catalogue = catalogue;
    this.policy = policy;
    this.questions = new Questions(catalogue);
  }

  ListToolsResponse listTools(Reach reach, ListToolsRequest request) throws InterruptedException {
    new Checks().pageSize(request.getPageSize()).done();
    final ListToolsRequest query = ListToolsRequest.getDefaultInstance();
    final String after =
        request.getPageToken().isEmpty()
            ? ""
            : reach.tokens().place("ListTools", query, request.getPageToken()).text();
    final int size = SessionRpc.pageSize(request.getPageSize());
    final List<ToolStatus> rest =
        catalogue.list().stream()
            .filter(tool -> isAllowed(tool.tool().name()))
            .filter(tool -> tool.tool().name().compareTo(after) > 0)
            .toList();
    final List<ToolStatus> page = rest.stream().limit(size).toList();
    final ListToolsResponse.Builder response = ListToolsResponse.newBuilder();
    page.stream().map(ToolRpc::tool).forEach(response::addTools);
    if (request.getVersions()) {
      final List<String> versions = versions(page);
      for (int i = 0; i < page.size(); i++) {
        response.getToolsBuilder(i).setVersion(versions.get(i));
      }
    }
    if (rest.size() > size) {
      response.setNextPageToken(
          reach
              .tokens()
              .of("ListTools", query, new PageTokens.Place(0, rest.get(size - 1).tool().name())));
    }
    return response.build();
  }

  /** Asks a few at a time, which all may take long. */
  private List<String> versions(List<ToolStatus> tools) throws InterruptedException {
    try (ExecutorService askers =
        Executors.newFixedThreadPool(VERSIONS_AT_A_TIME, Thread.ofVirtual().factory())) {
      return askers
          .invokeAll(
              tools.stream()
                  .<Callable<String>>map(tool -> () -> firstLine(questions.version(tool.tool())))
                  .toList())
          .stream()
          .map(Future::resultNow)
          .toList();
    }
  }

  GetToolResponse getTool(GetToolRequest request) throws InterruptedException {
    new Checks().require(!request.getName().isEmpty(), "name", "is required").done();
    final @Nullable ToolStatus found =
        catalogue.list().stream()
            .filter(tool -> isAllowed(request.getName()))
            .filter(tool -> tool.tool().name().equals(request.getName()))
            .findFirst()
            .orElse(null);
    if (found == null) {
      throw unknown(request.getName());
    }
    return GetToolResponse.newBuilder()
        .setTool(tool(found).setVersion(firstLine(questions.version(found.tool()))))
        .build();
  }

  GetToolHelpResponse getToolHelp(GetToolHelpRequest request) throws InterruptedException {
    new Checks().require(!request.getName().isEmpty(), "name", "is required").done();
    final String name = request.getName();
    if (!isAllowed(name)) {
      throw unknown(name);
    }
    final Answer answer;
    try {
      answer =
          questions
              .help(name)
              .orElseThrow(() ->
                  Refusal.of(
                          Code.FAILED_PRECONDITION,
                          ErrorReason.ERROR_REASON_NO_HELP,
                          "the catalogue does not say how to ask '" + name + "' for help")
                      .with("tool", name));
    } catch (ToolException e) {
      final String message = String.valueOf(e.getMessage());
      throw switch (e.kind()) {
        case UNKNOWN_TOOL -> unknown(name);
        default ->
            Refusal.of(
                    Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_TOOL_NOT_INSTALLED, message)
                .field("name", message)
                .with("tool", name);
      };
    }
    return GetToolHelpResponse.newBuilder()
        .setText(plain(answer.output()))
        .setTruncated(answer.truncated())
        .build();
  }

  /** A tool that the caller's tenant may not run does not exist for it. */
  private boolean isAllowed(String name) {
    return policy.tenant(CallerContext.current().tenant()).tools().has(name);
  }

  private static Refusal unknown(String name) {
    return Refusal.unknownTool(name, "There is no tool '" + name + "'; ListTools names them");
  }

  /** The first line with something in it, as far as it is one for a person. */
  private static String firstLine(String output) {
    final String line =
        plain(output.getBytes(UTF_8))
            .lines()
            .map(String::strip)
            .filter(text -> !text.isEmpty())
            .findFirst()
            .orElse("");
    return line.codePointCount(0, line.length()) <= VERSION_CHARACTERS
        ? line
        : line.substring(0, line.offsetByCodePoints(0, VERSION_CHARACTERS));
  }

  private static String plain(byte[] output) {
    final PlainText text = new PlainText();
    return text.feed(output, 0, output.length) + text.flush();
  }

  private static Tool.Builder tool(ToolStatus status) {
    final boolean typed = status.tool().turnEnd() != TurnEnd.NONE;
    final boolean tellsPaths = CallerContext.current().role() == Role.ROLE_ADMIN;
    return Tool.newBuilder()
        .setPath(tellsPaths ? status.program().map(Path::toString).orElse("") : "")
        .setName(status.tool().name())
        .setDescription(status.tool().description())
        .setInstalled(status.installed() && status.supported())
        .addAllPromptWays(ways(status.tool().ways(), typed))
        .addAllAvailableWays(ways(status.supported() ? status.available() : List.of(), typed))
        .setPromptStyle(
            switch (status.tool().turnEnd()) {
              case MARKS -> PromptStyle.PROMPT_STYLE_MARKS;
              case STILLNESS -> PromptStyle.PROMPT_STYLE_STILLNESS;
              case SCREEN -> PromptStyle.PROMPT_STYLE_SCREEN;
              case NONE -> PromptStyle.PROMPT_STYLE_UNSPECIFIED;
            });
  }

  /** Those of these ways in which prompts are taken. */
  private static List<PromptWay> ways(List<Way> ways, boolean typed) {
    return ways.stream()
        .filter(way -> typed || way != Way.TERMINAL)
        .map(way ->
            switch (way) {
              case ACP -> PromptWay.PROMPT_WAY_ACP;
              case HEADLESS -> PromptWay.PROMPT_WAY_HEADLESS;
              case TERMINAL -> PromptWay.PROMPT_WAY_TERMINAL;
            })
        .toList();
  }
}
