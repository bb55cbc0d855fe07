package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.v1.Tool;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat tools}. */
@Command(name = "tools", description = "List the tools that sessions can run.")
final class ToolsCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  ToolsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      List<Tool> tools = client.tools();
      if (format.json()) {
        tools.forEach(tool -> streams.line(Json.of(tool)));
        return ExitCode.DONE;
      }
      Table table = new Table("TOOL", "INSTALLED", "PROMPTS", "DESCRIPTION");
      for (Tool tool : tools) {
        String prompts =
            switch (tool.getPromptStyle()) {
              case PROMPT_STYLE_MARKS -> "exact";
              case PROMPT_STYLE_STILLNESS -> "by stillness";
              default -> "-";
            };
        table.add(
            tool.getName(), tool.getInstalled() ? "yes" : "no", prompts, tool.getDescription());
      }
      table.print(streams);
      return ExitCode.DONE;
    }
  }
}
