package dev.cleat.server.tool;

import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A tool cannot be started. The message names the tool and nothing of the server's files. */
public final class ToolException extends Exception {
  /** Why. */
  public enum Kind {
    /** No tool of this name is in the catalogue. */
    UNKNOWN_TOOL,
    /** The tool is in the catalogue, its program is not on the session's PATH. */
    TOOL_NOT_INSTALLED,
    /** The tool does not run on this operating system, or not in this mode. */
    TOOL_NOT_SUPPORTED,
    /** The tool cannot be talked to in the way that was asked for. */
    NO_SUCH_WAY,
    /** A variable of the session is one by which the tool is told something else of it. */
    VARIABLE_TAKEN
  }

  private final Kind kind;
  private final String tool;
  private final String field;
  private final @Nullable Way way;

  ToolException(Kind kind, String tool, String message) {
    this(kind, tool, "tool", null, message);
  }

  ToolException(Kind kind, String tool, String field, String message) {
    this(kind, tool, field, null, message);
  }

  private ToolException(Kind kind, String tool, String field, @Nullable Way way, String message) {
    super(message);
    this.kind = kind;
    this.tool = tool;
    this.field = field;
    this.way = way;
  }

  static ToolException noSuchWay(Tool tool, Way way) {
    return new ToolException(
        Kind.NO_SUCH_WAY,
        tool.name(),
        "prompt_way",
        way,
        "The tool '%s' has no %s form; it has %s"
            .formatted(
                tool.name(),
                way,
                tool.ways().stream().map(Way::toString).collect(Collectors.joining(", "))));
  }

  public Kind kind() {
    return kind;
  }

  /** The name that was asked for. */
  public String tool() {
    return tool;
  }

  /** The field of the request that is wrong. */
  public String field() {
    return field;
  }

  /** The way that was asked for, where that is what is wrong. */
  public Optional<Way> way() {
    return Optional.ofNullable(way);
  }
}
