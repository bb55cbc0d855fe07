package dev.cleat.server.reader;

import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.ScreenSpan;

/** Cuts a line into pieces that look alike. */
final class ScreenPicture implements ScreenCells.Visitor {
  private final ScreenLine.Builder line;
  private final StringBuilder text = new StringBuilder();
  private int from;
  private int columns;
  private long style;

  /** How much of the piece there was up to the last cell that does not look like a blank. */
  private int seenText;

  private int seenColumns;

  private ScreenPicture(ScreenLine.Builder line) {
    this.line = line;
  }

  /** Adds the spans of a line to it. */
  static void addSpans(ScreenCells cells, int row, ScreenLine.Builder to) {
    ScreenPicture picture = new ScreenPicture(to);
    cells.visit(row, picture);
    // What was not cut off up to here reaches to the end of the line.
    picture.text.setLength(picture.seenText);
    picture.columns = picture.seenColumns;
    picture.cut();
    while (to.getSpansCount() > 0 && isBlank(to.getSpans(to.getSpansCount() - 1))) {
      to.removeSpans(to.getSpansCount() - 1);
    }
  }

  private static boolean isBlank(ScreenSpan span) {
    return span.getText().isBlank()
        && !span.hasBackground()
        && !span.getInverse()
        && !span.getUnderline()
        && !span.getStrikethrough();
  }

  @Override
  public void cell(int column, int width, String character, long look, boolean written) {
    if (columns > 0 && look != style) {
      cut();
    }
    if (columns == 0) {
      from = column;
      style = look;
    }
    text.append(character);
    columns += width;
    if (!character.equals(" ") || !CellStyle.isPlainBlank(look)) {
      seenText = text.length();
      seenColumns = columns;
    }
  }

  private void cut() {
    if (columns > 0) {
      line.addSpans(span());
    }
    text.setLength(0);
    columns = 0;
    seenText = 0;
    seenColumns = 0;
  }

  private ScreenSpan span() {
    ScreenSpan.Builder span =
        ScreenSpan.newBuilder()
            .setColumn(from)
            .setColumns(columns)
            .setText(text.toString())
            .setBold(CellStyle.has(style, CellStyle.BOLD))
            .setFaint(CellStyle.has(style, CellStyle.FAINT))
            .setItalic(CellStyle.has(style, CellStyle.ITALIC))
            .setUnderline(CellStyle.isUnderlined(style))
            .setBlink(CellStyle.has(style, CellStyle.BLINK))
            .setInverse(CellStyle.has(style, CellStyle.INVERSE))
            .setHidden(CellStyle.has(style, CellStyle.HIDDEN))
            .setStrikethrough(CellStyle.has(style, CellStyle.STRIKETHROUGH));
    if (CellStyle.hasForeground(style)) {
      span.setForeground(CellStyle.foreground(style));
    }
    if (CellStyle.hasBackground(style)) {
      span.setBackground(CellStyle.background(style));
    }
    return span.build();
  }
}
