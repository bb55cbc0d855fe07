package dev.cleat.server.tool.agent;

/** What a tool calls its own session. It may become an argument of a command. */
final class OwnSession {
  /** What is said of one that is not used. */
  static final String TROUBLE =
      "the agent gives its session a name that is too long or has control characters, by which it"
          + " cannot go on with it";

  /** It is good for nothing if it is cut. */
  private static final int MOST_BYTES = 4 * 1024;

  private OwnSession() {}

  static boolean isUsable(String name) {
    return Texts.fits(name, MOST_BYTES) && name.codePoints().noneMatch(Character::isISOControl);
  }
}
