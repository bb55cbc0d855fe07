package dev.cleat.server.session;

import dev.cleat.server.tool.CatalogueForms;
import dev.cleat.server.tool.TerminalForm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Screens for tests, and the form of the tool that draws them. */
final class Screens {
  static final int COLUMNS = 40;
  static final int ROWS = 12;

  static final TerminalForm FORM =
      CatalogueForms.terminal(
          """
          ready: '^> '
          tick: '^\\* Working \\(\\d+s\\)'
          tick_title: '^[|/-] '
          failed: '^! (.*)'
          collapsed: '\\[Paste(?: \\+(?P<lines>\\d+) lines)?(?: (?P<characters>\\d+) chars)?\\]'
          quiet: 1s
          question_after: 10s
          start_timeout: 30s
          questions:
            - pattern: '(?m)^May I (.*)\\?$'
              tool: doing
              answers:
                - {pattern: '1\\. (Yes.*)', kind: allow_once, keys: 1}
                - {pattern: '3\\. (Never)', kind: deny_always, keys: 3}
                - {pattern: '2\\. (No)', kind: deny_once, keys: escape}
          """);

  private Screens() {}

  /** The cursor is at the end of the last line; the title is empty. */
  static Look of(String... lines) {
    return titled("", lines);
  }

  static Look titled(String title, String... lines) {
    final List<String> all = new ArrayList<>();
    for (String line : lines) {
      all.add(line.stripTrailing());
    }
    final int row = all.size() - 1;
    final int column = lines[row].length();
    while (all.size() < ROWS) {
      all.add("");
    }
    return new Look(all, ROWS, COLUMNS, row, column, false, title, true, 7, 0, Instant.EPOCH);
  }

  /** The same with the cursor elsewhere, and perhaps before a hint. */
  static Look at(Look look, int row, int column, boolean hint) {
    return new Look(
        look.lines(),
        look.rows(),
        look.columns(),
        row,
        column,
        hint,
        look.title(),
        look.bracketedPaste(),
        look.seq(),
        look.outputOffset(),
        look.time());
  }
}
