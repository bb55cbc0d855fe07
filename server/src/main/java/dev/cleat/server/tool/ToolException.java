package dev.cleat.server.tool;

/** A tool cannot be started. The message names the tool and nothing of the server's files. */
public final class ToolException extends Exception {
  /** Why. */
  public enum Kind {
    /** No tool of this name is in the catalogue. */
    UNKNOWN_TOOL,
    /** The tool is in the catalogue, its program is not on the session's PATH. */
    TOOL_NOT_INSTALLED,
    /** The tool does not run on this operating system, or not in this mode. */
    TOOL_NOT_SUPPORTED
  }

  private final Kind kind;
  private final String tool;

  ToolException(Kind kind, String tool, String message) {
    super(message);
    this.kind = kind;
    this.tool = tool;
  }

  public Kind kind() {
    return kind;
  }

  /** The name that was asked for. */
  public String tool() {
    return tool;
  }
}
