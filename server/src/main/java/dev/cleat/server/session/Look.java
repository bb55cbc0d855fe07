package dev.cleat.server.session;

import java.time.Instant;
import java.util.List;

/**
 * One look at a terminal's screen.
 *
 * @param lines from the top, without the blanks at their ends
 * @param cursorRow from 0
 * @param cursorColumn from 0
 * @param hint whether what stands from the cursor to the end of its line is a faint hint of the
 *     tool's, and nothing that was typed
 * @param title of the terminal
 * @param bracketedPaste whether the tool takes bracketed pastes
 * @param seq the newest event that is drawn
 * @param outputOffset the offset of the first byte of output that is not drawn
 * @param time when the newest event was appended
 */
record Look(
    List<String> lines,
    int rows,
    int columns,
    int cursorRow,
    int cursorColumn,
    boolean hint,
    String title,
    boolean bracketedPaste,
    long seq,
    long outputOffset,
    Instant time) {
  Look {
    lines = List.copyOf(lines);
  }

  /** Whether nothing that can be seen has changed from one look to the other. */
  boolean isLike(Look other) {
    return cursorRow == other.cursorRow
        && cursorColumn == other.cursorColumn
        && hint == other.hint
        && title.equals(other.title)
        && lines.equals(other.lines);
  }
}
