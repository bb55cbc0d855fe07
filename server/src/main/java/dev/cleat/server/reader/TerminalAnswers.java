package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.jline.utils.Colors;
import org.jspecify.annotations.Nullable;

/**
 * What a terminal answers to {@link Query Queries}: one like xterm, dark, with 256 colours, whose
 * characters are 8 by 16 pixels, and which tells nothing about its description or its settings.
 */
public final class TerminalAnswers {
  private static final int CELL_WIDTH = 8;
  private static final int CELL_HEIGHT = 16;
  private static final int BLACK = 0x000000;
  private static final int WHITE = 0xFFFFFF;
  private static final String CSI = "\033[";
  private static final String DCS = "\033P";
  private static final String ST = "\033\\";

  private TerminalAnswers() {}

  /**
   * The bytes that the program is to read.
   *
   * @param rows the terminal's
   * @param columns the terminal's
   * @param screen on which everything before the question is drawn. Only looked at for questions
   *     that {@linkplain Query#needsScreen need it}; without one they are answered as by a terminal
   *     that was just reset.
   */
  public static byte[] answer(Query query, int rows, int columns, @Nullable TerminalScreen screen) {
    String answer =
        switch (query) {
          case Query.DeviceAttributes attributes -> attributes(attributes.which());
          case Query.Version version -> DCS + ">|Cleat" + ST;
          case Query.Status status -> CSI + "0n";
          case Query.CursorPosition position -> cursor(position, screen);
          case Query.Mode mode -> mode(mode, screen);
          case Query.Color color -> color(color);
          case Query.Size size -> size(size.of(), rows, columns);
          case Query.Setting setting -> DCS + "0$r" + ST;
          case Query.Capability capability -> DCS + "0+r" + capability.names() + ST;
        };
    return answer.getBytes(US_ASCII);
  }

  private static String attributes(Query.Attributes which) {
    return switch (which) {
      // A VT220 with colours.
      case PRIMARY -> CSI + "?62;22c";
      // A VT100's family, as new as what programs ask of xterm for mouse reports.
      case SECONDARY -> CSI + ">0;276;0c";
      case TERTIARY -> DCS + "!|00000000" + ST;
    };
  }

  private static String cursor(Query.CursorPosition query, @Nullable TerminalScreen screen) {
    int row = screen == null ? 0 : screen.reportedRow();
    int column = screen == null ? 0 : Math.min(screen.cursorColumn(), screen.columns() - 1);
    String prefix = query.extended() ? "?" : "";
    return CSI + prefix + (row + 1) + ";" + (column + 1) + "R";
  }

  private static String mode(Query.Mode query, @Nullable TerminalScreen screen) {
    TerminalScreen asked = screen == null ? new TerminalScreen(1, 1) : screen;
    int state = asked.modeState(query.mode(), query.dec());
    return CSI + (query.dec() ? "?" : "") + query.mode() + ";" + state + "$y";
  }

  private static String color(Query.Color query) {
    int color =
        switch (query.code()) {
          case 4 -> Colors.rgbColor(query.index());
          case 11 -> BLACK;
          default -> WHITE;
        };
    String which = query.code() == 4 ? "4;" + query.index() : String.valueOf(query.code());
    return "\033]%s;rgb:%s/%s/%s"
            .formatted(which, channel(color >> 16), channel(color >> 8), channel(color))
        + (query.bell() ? "\007" : ST);
  }

  private static String channel(int color) {
    return "%1$02x%1$02x".formatted(color & 0xFF);
  }

  private static String size(Query.Extent of, int rows, int columns) {
    return switch (of) {
      case TEXT_PIXELS -> CSI + "4;" + rows * CELL_HEIGHT + ";" + columns * CELL_WIDTH + "t";
      case CELL_PIXELS -> CSI + "6;" + CELL_HEIGHT + ";" + CELL_WIDTH + "t";
      case TEXT_CELLS -> CSI + "8;" + rows + ";" + columns + "t";
      case SCREEN_CELLS -> CSI + "9;" + rows + ";" + columns + "t";
    };
  }
}
