package dev.cleat.server.tool.agent;

/** What a tool calls its own session. It may become an argument of a command. */
final class OwnSession {
  /** What is said of one that is not used. */
  static final String TROUBLE =
      "the agent gives its session a name with control characters, by which it cannot go on with"
          + " it";

  private OwnSession() {}

  static boolean isUsable(String name) {
    return name.codePoints().noneMatch(Character::isISOControl);
  }
}
