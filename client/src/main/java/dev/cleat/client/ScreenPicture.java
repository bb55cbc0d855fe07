package dev.cleat.client;

import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.ScreenSpan;
import java.util.List;

/**
 * What a session's terminal shows: everything that was printed up to one event, as a terminal of
 * the session's size draws it. Immutable.
 */
public final class ScreenPicture {
  private final Screen screen;

  ScreenPicture(Screen screen) {
    this.screen = screen;
  }

  /** The place behind the newest event in the picture: attach there to see what changes it. */
  public Position position() {
    return new Position(screen.getEpoch(), screen.getSeq());
  }

  /** The offset of the first byte of output that is not in the picture. */
  public long outputOffset() {
    return screen.getOutputOffset();
  }

  /** How many lines the terminal has. */
  public int rows() {
    return screen.getSize().getRows();
  }

  /** How many columns the terminal has. */
  public int columns() {
    return screen.getSize().getColumns();
  }

  /** The lines from the top, as many as there are rows, without the blanks at their ends. */
  public List<String> lines() {
    return screen.getLinesList().stream().map(ScreenLine::getText).toList();
  }

  /** The lines, one below the other, without the empty ones at the end. */
  public String text() {
    return String.join("\n", lines()).stripTrailing();
  }

  /**
   * Whether the line above runs over into this one.
   *
   * @param row from 0
   */
  public boolean wrapped(int row) {
    return screen.getLines(row).getWrapped();
  }

  /**
   * A line in pieces that look alike; none where {@link ScreenPart#STYLES} was not asked for.
   *
   * @param row from 0
   */
  public List<ScreenSpan> spans(int row) {
    return screen.getLines(row).getSpansList();
  }

  /** The cursor's line, from 0. */
  public int cursorRow() {
    return screen.getCursor().getRow();
  }

  /**
   * The cursor's column, from 0. As large as the number of columns when the last one was written
   * and the next character begins a new line.
   */
  public int cursorColumn() {
    return screen.getCursor().getColumn();
  }

  /** Whether the cursor is shown. */
  public boolean cursorVisible() {
    return screen.getCursor().getVisible();
  }

  /** The title that the program last set. */
  public String title() {
    return screen.getTitle();
  }

  /** Whether the alternate screen is shown, as full-screen programs use it. */
  public boolean alternateScreen() {
    return screen.getModes().getAlternateScreen();
  }

  /** Whether the program can tell pastes from typing. */
  public boolean bracketedPaste() {
    return screen.getModes().getBracketedPaste();
  }

  /** Whether cursor keys send application sequences. */
  public boolean applicationCursorKeys() {
    return screen.getModes().getApplicationCursorKeys();
  }

  /** Whether the mouse is reported to the program. */
  public boolean mouseReporting() {
    return screen.getModes().getMouseReporting();
  }

  /**
   * What makes a terminal of this size that has just been reset look and behave like this one; the
   * output behind {@link #position} goes on from there. A copy; empty where {@link
   * ScreenPart#RESTORE} was not asked for.
   */
  public byte[] restore() {
    return screen.getRestore().toByteArray();
  }

  /** Whether some of the output that the picture rests on is no longer there. */
  public boolean incomplete() {
    return screen.getIncomplete();
  }

  /** The message it was read from. */
  public Screen raw() {
    return screen;
  }

  @Override
  public String toString() {
    return "ScreenPicture[" + rows() + "x" + columns() + " at " + position() + "]";
  }
}
