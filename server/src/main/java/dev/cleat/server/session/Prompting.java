package dev.cleat.server.session;

import dev.cleat.server.tool.Launch;
import dev.cleat.server.tool.Mode;
import dev.cleat.server.tool.Tool;
import dev.cleat.v1.SessionMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * How a process takes prompts.
 *
 * @param kind how the end of a turn is found
 * @param stillness for {@link Kind#STILLNESS}: how long without output is still
 * @param terminal false on pipes
 */
record Prompting(Kind kind, Duration stillness, boolean terminal) {
  /** What a terminal that edits lines itself keeps of one: MAX_CANON of Linux, less the newline. */
  private static final int LINE = 4095;

  /** It takes none. */
  static final Prompting NONE = new Prompting(Kind.NONE, Duration.ZERO, false);

  /** How the end of a turn is found. */
  enum Kind {
    NONE,
    MARKS,
    STILLNESS
  }

  static Prompting of(Launch launch, SessionMode mode) {
    return of(launch.tool(), mode == SessionMode.SESSION_MODE_PTY ? Mode.PTY : Mode.PIPES);
  }

  /** How a tool takes prompts that are typed. */
  static Prompting of(Tool tool, Mode mode) {
    final Kind kind =
        switch (tool.turnEnd(mode)) {
          case MARKS -> Kind.MARKS;
          case STILLNESS -> Kind.STILLNESS;
          // Those of a screen are turns of agents.
          case SCREEN, NONE -> Kind.NONE;
        };
    return new Prompting(kind, tool.stillness(), mode == Mode.PTY);
  }

  /**
   * Refuses a prompt that the process could not take whole.
   *
   * @throws Refusal INVALID_REQUEST
   */
  void check(String prompt) {
    check("prompt", prompt);
  }

  /**
   * As {@link #check(String)}, of a prompt in another field of a request.
   *
   * @throws Refusal INVALID_REQUEST
   */
  void check(String field, String prompt) {
    if (kind == Kind.STILLNESS
        && terminal
        && prompt.lines().anyMatch(line -> line.getBytes(StandardCharsets.UTF_8).length > LINE)) {
      throw Refusal.invalid(
          field, "this tool takes lines of at most " + LINE + " bytes; split the longer ones");
    }
  }

  /** What is typed for a prompt, Enter included. */
  byte[] encode(String prompt) {
    final String text = prompt.stripTrailing();
    // A shell with marks edits its line: a bracketed paste makes many lines one input, and a tab a
    // tab.
    return (kind == Kind.MARKS ? "\u001b[200~" + text + "\u001b[201~\r" : text + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
