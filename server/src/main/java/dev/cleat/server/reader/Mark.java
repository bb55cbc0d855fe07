package dev.cleat.server.reader;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Something a program said about itself in an escape sequence of its output.
 *
 * <p>{@code start} and {@code end} are byte offsets in the session's output: of the sequence's
 * first byte, and of the first byte after it.
 */
public sealed interface Mark {
  long start();

  long end();

  /** Where a shell is (OSC 133). */
  enum Kind {
    /** {@code A}: the shell is about to print its prompt. Once for each prompt. */
    PROMPT_START,
    /**
     * {@code B}: the prompt is there, what is typed now is a command. Again whenever the prompt is
     * drawn anew.
     */
    PROMPT_END,
    /**
     * {@code P;k=c}, {@code P;k=s}, {@code A;k=c}, {@code A;k=s}: the shell asks for the rest of an
     * incomplete command.
     */
    CONTINUATION,
    /** {@code C}: a command starts, what follows is its output. */
    COMMAND_START,
    /** {@code D}: the shell is done with the commands it read. */
    COMMAND_END
  }

  /**
   * A shell's mark.
   *
   * @param exitCode only with {@link Kind#COMMAND_END}, and only if the shell said it
   * @param aid the mark's {@code aid} option: who made it. A mark whose aid is not the session's
   *     own says nothing about the session's shell: it comes from a nested one, or from a file that
   *     was printed.
   * @param serial the mark's {@code n} option: Cleat's shells number their prompts with it, so that
   *     a prompt drawn anew is told from the next one
   */
  record Shell(
      Kind kind,
      OptionalInt exitCode,
      @Nullable String aid,
      OptionalInt serial,
      long start,
      long end)
      implements Mark {}

  /**
   * The current directory (OSC 7).
   *
   * @param host as the program said it; may be empty
   * @param path absolute, percent-decoded
   */
  record Directory(String host, String path, long start, long end) implements Mark {}

  /** The window's title (OSC 0 and 2), without control characters; may be empty. */
  record Title(String text, long start, long end) implements Mark {}

  /** A notification for the user (OSC 9), without control characters; not empty. */
  record Notification(String text, long start, long end) implements Mark {}
}
