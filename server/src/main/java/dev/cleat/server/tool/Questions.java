package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.server.tool.ToolException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What tools say of themselves: their programs are run and asked.
 *
 * <p>Safe for use by any number of threads; a call takes as long as the program, up to a limit.
 * Versions are remembered for as long as the program's file stays the same.
 */
public final class Questions {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int HELP_BYTES = 256 << 10;
  private static final int VERSION_BYTES = 16 << 10;

  /** A program as it was asked. */
  private record Asked(List<String> words, FileTime modified, long size) {}

  private record Said(Asked asked, String version) {}

  private final Catalogue catalogue;
  private final Duration limit;
  private final Map<Path, Said> versions = new ConcurrentHashMap<>();

  /** Of the tools of this catalogue. */
  public Questions(Catalogue catalogue) {
    this(catalogue, LIMIT);
  }

  Questions(Catalogue catalogue, Duration limit) {
    this.catalogue = catalogue;
    this.limit = limit;
  }

  /**
   * What a tool prints as its help, with escape sequences: its first 256 KiB, within 10 s.
   *
   * @return empty if the catalogue does not say how to ask
   * @throws ToolException {@link Kind#UNKNOWN_TOOL}, {@link Kind#TOOL_NOT_INSTALLED}
   */
  public Optional<Answer> help(String name) throws ToolException, InterruptedException {
    Tool tool = catalogue.tool(name);
    if (tool.help().isEmpty()) {
      return Optional.empty();
    }
    Question question = catalogue.question(tool, tool.help());
    try {
      return Optional.of(question.ask(limit, HELP_BYTES, true));
    } catch (IOException e) {
      throw new ToolException(
          Kind.TOOL_NOT_INSTALLED,
          name,
          "The tool '%s' is installed, but its program cannot be started".formatted(name));
    }
  }

  /**
   * What a tool prints when it is asked for its version, as it came.
   *
   * @return empty if the catalogue does not say how to ask, or the tool does not say
   */
  public String version(Tool tool) throws InterruptedException {
    if (tool.version().isEmpty()) {
      return "";
    }
    try {
      Question question = catalogue.question(tool, tool.version());
      BasicFileAttributes file =
          Files.readAttributes(question.program(), BasicFileAttributes.class);
      Asked asked = new Asked(tool.version(), file.lastModifiedTime(), file.size());
      Said said = versions.get(question.program());
      if (said != null && said.asked().equals(asked)) {
        return said.version();
      }
      Answer answer = question.ask(limit, VERSION_BYTES, false);
      if (!answer.succeeded()) {
        return "";
      }
      String version = new String(answer.output(), UTF_8);
      versions.put(question.program(), new Said(asked, version));
      return version;
    } catch (ToolException | IOException e) {
      // Not installed, or not to be started: it has no version to tell.
      return "";
    }
  }
}
