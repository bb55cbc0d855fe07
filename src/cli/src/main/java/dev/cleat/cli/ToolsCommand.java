package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.ToolHelp;
import dev.cleat.client.ToolInfo;
import dev.cleat.v1.GetToolHelpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cleat tools}. */
@Command(name = "tools", description = "List the tools that sessions can run, or show one.")
final class ToolsCommand implements Callable<Integer> {
  private static final int VERSION_CHARACTERS = 40;

  private final Streams streams;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "TOOL",
      description = "Show this one, with how prompts end.")
  private String name = "";

  @Option(names = "--help-text", description = "Print what the tool itself prints as its help.")
  private boolean help;

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  ToolsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    if (help && name.isEmpty()) {
      throw CliException.usage("--help-text is about one tool: cleat tools TOOL --help-text");
    }
    try (CleatClient client = server.connect()) {
      if (help) {
        help(client.toolHelp(name));
      } else if (name.isEmpty()) {
        list(client.toolsWithVersions());
      } else {
        show(client.tool(name));
      }
      return ExitCode.DONE;
    }
  }

  private void list(List<ToolInfo> tools) {
    if (format.json()) {
      tools.forEach(tool -> streams.line(Json.of(tool.raw())));
      return;
    }
    Table table = new Table("TOOL", "INSTALLED", "WAYS", "VERSION", "PATH", "DESCRIPTION");
    for (ToolInfo tool : tools) {
      table.add(
          tool.name(),
          installed(tool),
          Show.orDash(ways(tool.ways())),
          Show.orDash(Show.brief(tool.version(), VERSION_CHARACTERS)),
          Show.orDash(tool.path()),
          tool.description());
    }
    table.print(streams);
  }

  private void show(ToolInfo tool) {
    if (format.json()) {
      streams.line(Json.of(tool.raw()));
      return;
    }
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("tool", tool.name());
    lines.put("description", tool.description());
    lines.put("installed", installed(tool));
    lines.put("version", tool.version());
    lines.put("path", tool.path());
    lines.put("ways", ways(tool.ways()));
    lines.put("available", ways(tool.availableWays()));
    lines.put(
        "typed prompts",
        switch (tool.style()) {
          case MARKS -> "end exactly, by marks";
          case STILLNESS -> "end by stillness";
          case SCREEN -> "end when the screen shows it";
          case UNKNOWN -> "are not taken";
        });
    lines.forEach((label, value) -> {
      if (!value.isEmpty()) {
        streams.line("%-14s %s".formatted(label, value));
      }
    });
  }

  private void help(ToolHelp text) {
    if (format.json()) {
      streams.line(
          Json.of(
              GetToolHelpResponse.newBuilder()
                  .setText(text.text())
                  .setTruncated(text.truncated())
                  .build()));
      return;
    }
    String end = text.text().isEmpty() || text.text().endsWith("\n") ? "" : "\n";
    streams.print((Show.harmless(text.text()) + end).getBytes(StandardCharsets.UTF_8));
    if (text.truncated()) {
      streams.note("cleat: there was more, or it took too long");
    }
  }

  private static String installed(ToolInfo tool) {
    return tool.installed() ? "yes" : "no";
  }

  private static String ways(List<ToolInfo.Way> ways) {
    return ways.stream().map(Show::word).collect(Collectors.joining(", "));
  }
}
