package dev.cleat.cli;

import dev.cleat.v1.TerminalSize;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The size of a terminal as people write it: rows and columns, {@code 24x80}. */
final class Sizes implements ITypeConverter<TerminalSize> {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9})x(\\d{1,9})");

  @Override
  public TerminalSize convert(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "expects ROWSxCOLUMNS, such as 24x80, and not '%s'".formatted(text));
    }
    return TerminalSize.newBuilder()
        .setRows(Integer.parseInt(matcher.group(1)))
        .setColumns(Integer.parseInt(matcher.group(2)))
        .build();
  }
}
