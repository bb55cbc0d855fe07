package dev.cleat.client;

/**
 * Allows what an agent asks for without asking anybody. What is not empty must all be true.
 * Immutable; limits are checked by the server.
 *
 * @param tool tools of this name, as in {@link TurnEvent.ToolCall}; all when empty
 * @param pattern questions or inputs in which this regular expression (RE2) is found; all when
 *     empty
 */
public record ApprovalRule(String tool, String pattern) {

  /** Allows everything. */
  public static ApprovalRule everything() {
    return new ApprovalRule("", "");
  }

  /** Allows all that a tool of the agent's does. */
  public static ApprovalRule tool(String tool) {
    return new ApprovalRule(tool, "");
  }

  dev.cleat.v1.ApprovalRule raw() {
    return dev.cleat.v1.ApprovalRule.newBuilder().setTool(tool).setPattern(pattern).build();
  }
}
