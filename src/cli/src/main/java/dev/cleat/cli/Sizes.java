package dev.cleat.cli;

import dev.cleat.v1.TerminalSize;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The size of a terminal as people write it: rows and columns, {@code 24x80}. */
final class Sizes implements ITypeConverter<TerminalSize> {
  private static final int MAX = 4_096;
  private static final Pattern FORM = Pattern.compile("(\\d{1,9})x(\\d{1,9})");

  @Override
  public TerminalSize convert(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "expects ROWSxCOLUMNS, such as 24x80, and not '%s'".formatted(text));
    }
    return of(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /** The size of a window, which may be larger than a session's terminal can be. */
  static TerminalSize limited(int rows, int columns) {
    return of(Math.min(rows, MAX), Math.min(columns, MAX));
  }

  private static TerminalSize of(int rows, int columns) {
    return TerminalSize.newBuilder().setRows(rows).setColumns(columns).build();
  }
}
