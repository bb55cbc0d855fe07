package dev.cleat.server.tool;

import com.google.re2j.Pattern;

/**
 * An answer that a tool offers to a question on its screen.
 *
 * @param pattern what shows that the answer is there; its first group, if it has one, is what the
 *     answer is called
 * @param kind what it means
 * @param keys what is sent to give it
 */
public record AnswerForm(Pattern pattern, Kind kind, String keys) {
  /** What an answer means. */
  public enum Kind {
    /** Do it this time. */
    ALLOW_ONCE,
    /** Do it, and do not ask again. */
    ALLOW_ALWAYS,
    /** Do not do it this time. */
    DENY_ONCE,
    /** Do not do it, and do not ask again. */
    DENY_ALWAYS
  }
}
