package dev.cleat.server.session;

import dev.cleat.server.reader.TerminalScreen;
import dev.cleat.server.session.ScreenFollower.Drawn;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.ScreenSpan;

/** Looks at a screen. */
final class Looks {
  private Looks() {}

  /** What there is to be seen of it. The drawing is looked at before this returns. */
  static Look of(Drawn drawn) {
    final TerminalScreen screen = drawn.screen();
    return new Look(
        screen.lines(),
        screen.rows(),
        screen.columns(),
        screen.cursorRow(),
        screen.cursorColumn(),
        isHint(screen),
        screen.title(),
        screen.bracketedPaste(),
        drawn.seq(),
        drawn.outputOffset(),
        drawn.time());
  }

  /**
   * Whether the cursor's line goes on behind it, and all of that is faint. Some tools draw their
   * own cursor, as one inverse character.
   */
  private static boolean isHint(TerminalScreen screen) {
    final int cursor = screen.cursorColumn();
    if (screen.line(screen.cursorRow()).length() <= cursor) {
      return false;
    }
    final ScreenLine line = screen.picture(true, false).getLines(screen.cursorRow());
    boolean faint = false;
    for (ScreenSpan span : line.getSpansList()) {
      final boolean drawnCursor =
          span.getInverse() && span.getColumn() == cursor && span.getColumns() <= 2;
      if (span.getColumn() + span.getColumns() <= cursor
          || span.getText().isBlank()
          || drawnCursor) {
        continue;
      }
      if (!span.getFaint()) {
        return false;
      }
      faint = true;
    }
    return faint;
  }
}
