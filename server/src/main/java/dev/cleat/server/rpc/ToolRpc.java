package dev.cleat.server.rpc;

import dev.cleat.server.session.Refusal;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ToolStatus;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.GetToolResponse;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.ListToolsResponse;
import dev.cleat.v1.PromptStyle;
import dev.cleat.v1.Tool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The calls of the tool service. */
final class ToolRpc {
  private final Catalogue catalogue;

  ToolRpc(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  ListToolsResponse listTools(ListToolsRequest request) {
    new Checks().pageSize(request.getPageSize()).done();
    final ListToolsRequest query = ListToolsRequest.getDefaultInstance();
    final String after =
        request.getPageToken().isEmpty()
            ? ""
            : PageTokens.place("ListTools", query, request.getPageToken()).text();
    final int size = SessionRpc.pageSize(request.getPageSize());
    final List<ToolStatus> rest =
        catalogue.list().stream().filter(tool -> tool.tool().name().compareTo(after) > 0).toList();
    final ListToolsResponse.Builder response = ListToolsResponse.newBuilder();
    rest.stream().limit(size).map(ToolRpc::tool).forEach(response::addTools);
    if (rest.size() > size) {
      response.setNextPageToken(
          PageTokens.of(
              "ListTools", query, new PageTokens.Place(0, rest.get(size - 1).tool().name())));
    }
    return response.build();
  }

  GetToolResponse getTool(GetToolRequest request) {
    new Checks().require(!request.getName().isEmpty(), "name", "is required").done();
    final @Nullable ToolStatus found =
        catalogue.list().stream()
            .filter(tool -> tool.tool().name().equals(request.getName()))
            .findFirst()
            .orElse(null);
    if (found == null) {
      throw Refusal.unknownTool(
          request.getName(), "There is no tool '" + request.getName() + "'; ListTools names them");
    }
    return GetToolResponse.newBuilder().setTool(tool(found)).build();
  }

  private static Tool tool(ToolStatus status) {
    return Tool.newBuilder()
        .setName(status.tool().name())
        .setDescription(status.tool().description())
        .setInstalled(status.installed() && status.supported())
        .setPromptStyle(
            switch (status.tool().turnEnd()) {
              case MARKS -> PromptStyle.PROMPT_STYLE_MARKS;
              case STILLNESS -> PromptStyle.PROMPT_STYLE_STILLNESS;
              case NONE -> PromptStyle.PROMPT_STYLE_UNSPECIFIED;
            })
        .build();
  }
}
