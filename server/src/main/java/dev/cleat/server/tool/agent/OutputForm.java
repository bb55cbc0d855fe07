package dev.cleat.server.tool.agent;

import com.google.re2j.Pattern;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The machine-readable forms of output that Cleat reads. */
public enum OutputForm {
  /** What {@code claude -p --output-format stream-json --verbose} prints. */
  CLAUDE,
  /**
   * What {@code codex exec --json} prints. The usage it tells is that of the whole thread, turns
   * that were resumed included.
   */
  CODEX,
  /** What {@code opencode run --format json} prints. */
  OPENCODE,
  /** What {@code gemini --output-format stream-json} prints. */
  GEMINI,
  /** Text for a person. */
  PLAIN;

  /**
   * A reader for one turn.
   *
   * @param token the pattern whose first group is the tool's own session id, for {@link #PLAIN}
   */
  public TurnOutput reader(AgentListener listener, @Nullable Pattern token) {
    Teller teller = new Teller(listener);
    return switch (this) {
      case CLAUDE -> new JsonOutput(new ClaudeDialect(teller), teller);
      case CODEX -> {
        // Codex counts its items from 0 in each process, and a call's name must be new in the
        // session.
        String suffix = "-" + Long.toHexString(ThreadLocalRandom.current().nextLong());
        yield new JsonOutput(new CodexDialect(teller, suffix), teller);
      }
      case OPENCODE -> new JsonOutput(new OpenCodeDialect(teller), teller);
      case GEMINI -> new JsonOutput(new GeminiDialect(teller), teller);
      case PLAIN -> new PlainOutput(teller, token);
    };
  }

  /**
   * Whether {@code usage_reported} counts all turns of the tool's own session so far, and not this
   * one alone: what was reported last before the turn is to be taken off.
   */
  public boolean countsWholeSession() {
    return this == CODEX;
  }
}
