package dev.cleat.cli;

import java.util.Locale;
import picocli.CommandLine.Option;

/** How results are printed. */
final class FormatOption {

  /** The forms, in lower case on the command line. */
  enum Format {
    TEXT,
    JSON;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "What is printed: ${COMPLETION-CANDIDATES}, one object a line. Default: text.")
  private Format format = Format.TEXT;

  boolean json() {
    return format == Format.JSON;
  }
}
