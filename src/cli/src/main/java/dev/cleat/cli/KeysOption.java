package dev.cleat.cli;

import dev.cleat.cli.terminal.DetachKeys;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The keys that detach. */
final class KeysOption {
  private static final String DEFAULT = "ctrl-\\,ctrl-\\";

  /** Says what is wrong with the keys. */
  static final class Converter implements ITypeConverter<DetachKeys> {
    @Override
    public DetachKeys convert(String text) {
      try {
        return DetachKeys.of(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      converter = Converter.class,
      description =
          "The keys that detach, such as ctrl-p,ctrl-q; none: no keys. Default: " + DEFAULT + ".")
  private DetachKeys keys = DetachKeys.of(DEFAULT);

  DetachKeys keys() {
    return keys;
  }
}
