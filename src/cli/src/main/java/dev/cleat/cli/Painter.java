package dev.cleat.cli;

import dev.cleat.client.ScreenPicture;
import dev.cleat.v1.ScreenColor;
import dev.cleat.v1.ScreenSpan;
import java.nio.charset.StandardCharsets;

/** Draws pictures of a session's screen with the sequences that every terminal knows. */
final class Painter {
  private static final String CSI = "\033[";

  /** The sequence for an end of all that may have begun, and a terminal that writes as new. */
  private static final String PLAIN =
      "\030\033(B\017" + CSI + "0m" + CSI + "r" + CSI + "?6l" + CSI + "?7h" + CSI + "4l";

  private Painter() {}

  /** What makes room: an empty window, with what it showed scrolled away rather than lost. */
  static byte[] room(int rows) {
    return bytes(PLAIN + CSI + rows + ";1H" + "\n".repeat(rows) + CSI + "H" + CSI + "2J");
  }

  /**
   * What draws a picture in an empty window. One of the same size behaves like the session's
   * terminal from then on; another shows what fits, around the cursor.
   */
  static byte[] picture(ScreenPicture picture, int rows, int columns) {
    boolean same = rows == picture.rows() && columns == picture.columns();
    return same ? picture.restore() : bytes(lines(picture, rows));
  }

  private static String lines(ScreenPicture picture, int height) {
    StringBuilder out = new StringBuilder();
    if (picture.alternateScreen()) {
      out.append(CSI).append("?1049h").append(CSI).append("2J");
    }
    out.append(CSI).append("?7l");
    int first = Math.clamp(picture.cursorRow() - height + 1L, 0, picture.rows());
    for (int row = first; row < Math.min(picture.rows(), first + height); row++) {
      out.append(CSI).append(row - first + 1).append(";1H").append(line(picture, row));
    }
    out.append(CSI).append("?7h");
    if (picture.bracketedPaste()) {
      out.append(CSI).append("?2004h");
    }
    if (picture.applicationCursorKeys()) {
      out.append(CSI).append("?1h");
    }
    if (!picture.cursorVisible()) {
      out.append(CSI).append("?25l");
    }
    return out.append(CSI)
        .append(picture.cursorRow() - first + 1)
        .append(';')
        .append(picture.cursorColumn() + 1)
        .append('H')
        .toString();
  }

  /** A line in its styles, without the end of a line. */
  static String line(ScreenPicture picture, int row) {
    StringBuilder line = new StringBuilder();
    int column = 0;
    for (ScreenSpan span : picture.spans(row)) {
      line.append(" ".repeat(Math.max(0, span.getColumn() - column)));
      String style = style(span);
      line.append(style).append(span.getText());
      if (!style.isEmpty()) {
        line.append(CSI).append("0m");
      }
      column = span.getColumn() + span.getColumns();
    }
    return line.toString();
  }

  private static String style(ScreenSpan span) {
    StringBuilder codes = new StringBuilder();
    add(codes, span.getBold(), 1);
    add(codes, span.getFaint(), 2);
    add(codes, span.getItalic(), 3);
    add(codes, span.getUnderline(), 4);
    add(codes, span.getBlink(), 5);
    add(codes, span.getInverse(), 7);
    add(codes, span.getHidden(), 8);
    add(codes, span.getStrikethrough(), 9);
    color(codes, span.getForeground(), 30, 90, 38);
    color(codes, span.getBackground(), 40, 100, 48);
    return codes.isEmpty() ? "" : CSI + codes.substring(1) + "m";
  }

  private static void add(StringBuilder codes, boolean on, int code) {
    if (on) {
      codes.append(';').append(code);
    }
  }

  private static void color(
      StringBuilder codes, ScreenColor color, int normal, int bright, int extended) {
    int index = color.getIndexed();
    int rgb = color.getRgb();
    switch (color.getOfCase()) {
      case INDEXED -> {
        if (index < 16) {
          codes.append(';').append(index < 8 ? normal + index : bright + index - 8);
        } else {
          codes.append(';').append(extended).append(";5;").append(index);
        }
      }
      case RGB ->
          codes
              .append(';')
              .append(extended)
              .append(";2;%d;%d;%d".formatted(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255));
      case OF_NOT_SET -> {}
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
