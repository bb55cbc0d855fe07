package dev.cleat.e2e.screen;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenColor;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.ScreenSpan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a terminal shows, in a form in which two can be compared. */
record Look(int cursorRow, int cursorColumn, boolean alternate, List<List<Cell>> lines) {
  /**
   * A cell.
   *
   * @param text its character; a blank if there is none, and empty for the right half of a wide one
   * @param foreground empty for the default, an index, or # and six digits
   * @param attributes their names, with blanks between them
   */
  record Cell(String text, String foreground, String background, String attributes) {
    static final Cell EMPTY = new Cell(" ", "", "", "");

    /** Without what cannot be seen of a blank. */
    Cell seen() {
      boolean drawn =
          attributes.contains("inverse")
              || attributes.contains("underline")
              || attributes.contains("strikethrough");
      return text.equals(" ") && !drawn ? new Cell(text, "", background, "") : this;
    }
  }

  static Look of(Screen screen) {
    List<List<Cell>> lines = new ArrayList<>();
    for (ScreenLine line : screen.getLinesList()) {
      List<Cell> cells =
          new ArrayList<>(Collections.nCopies(screen.getSize().getColumns(), Cell.EMPTY));
      line.getSpansList().forEach(span -> draw(span, cells));
      lines.add(cells);
    }
    return new Look(
        screen.getCursor().getRow(),
        screen.getCursor().getColumn(),
        screen.getModes().getAlternateScreen(),
        lines);
  }

  private static void draw(ScreenSpan span, List<Cell> line) {
    List<String> attributes = new ArrayList<>();
    add(span.getBold(), "bold", attributes);
    add(span.getFaint(), "faint", attributes);
    add(span.getItalic(), "italic", attributes);
    add(span.getUnderline(), "underline", attributes);
    add(span.getBlink(), "blink", attributes);
    add(span.getInverse(), "inverse", attributes);
    add(span.getHidden(), "hidden", attributes);
    add(span.getStrikethrough(), "strikethrough", attributes);
    String foreground = color(span.getForeground());
    String background = color(span.getBackground());
    List<String> texts = Characters.of(span.getText(), span.getColumns());
    for (int i = 0; i < texts.size(); i++) {
      line.set(
          span.getColumn() + i,
          new Cell(texts.get(i), foreground, background, String.join(" ", attributes)).seen());
    }
  }

  private static void add(boolean is, String name, List<String> to) {
    if (is) {
      to.add(name);
    }
  }

  private static String color(ScreenColor color) {
    return switch (color.getOfCase()) {
      case INDEXED -> String.valueOf(color.getIndexed());
      case RGB -> "#%06x".formatted(color.getRgb());
      case OF_NOT_SET -> "";
    };
  }

  static Look of(JsonObject shown) {
    List<List<Cell>> lines = new ArrayList<>();
    for (JsonElement line : shown.getAsJsonArray("lines")) {
      List<Cell> cells = new ArrayList<>();
      for (JsonElement cell : line.getAsJsonArray()) {
        cells.add(cell(cell.getAsString().split("\t", -1)));
      }
      lines.add(cells);
    }
    JsonArray cursor = shown.getAsJsonArray("cursor");
    return new Look(
        cursor.get(0).getAsInt(),
        cursor.get(1).getAsInt(),
        shown.get("alternate").getAsBoolean(),
        lines);
  }

  private static Cell cell(String[] fields) {
    String text = fields[0].isEmpty() && fields[1].equals("1") ? " " : fields[0];
    return new Cell(text, fields[2], fields[3], fields[4]).seen();
  }
}
