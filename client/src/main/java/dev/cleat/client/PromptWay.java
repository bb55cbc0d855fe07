package dev.cleat.client;

/** How a session's tool takes prompts. */
public enum PromptWay {
  /** Not said; in a new session, the best that the tool has and whose programs are installed. */
  UNKNOWN,
  /** The Agent Client Protocol: one process for all turns, which says what it does as data. */
  ACP,
  /** One command for each turn, which says what it does as data. */
  HEADLESS,
  /** Typed into the process, as a person would. */
  TERMINAL;

  /**
   * True where the tool says what it does as data: its turns have events ({@link
   * RunningTurn#events}) and an answer ({@link Turn#answer}), rather than output.
   */
  public boolean structured() {
    return this == ACP || this == HEADLESS;
  }

  static PromptWay of(dev.cleat.v1.PromptWay raw) {
    return Names.of(PromptWay.class, "PROMPT_WAY_", raw, UNKNOWN);
  }

  dev.cleat.v1.PromptWay raw() {
    return this == UNKNOWN
        ? dev.cleat.v1.PromptWay.PROMPT_WAY_UNSPECIFIED
        : dev.cleat.v1.PromptWay.valueOf("PROMPT_WAY_" + name());
  }
}
