package dev.cleat.cli;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The constants of enums as words of the command line: as they are shown, in lower case. */
final class Words {
  private static final List<Class<? extends Enum<?>>> ALL =
      List.of(
          FormatOption.Format.class,
          FilterOptions.State.class,
          NewCommand.Policy.class,
          AgentOptions.Way.class,
          Revive.class,
          PromptCommand.Busy.class,
          RoleWord.class,
          CompletionCommand.Shell.class);

  private Words() {}

  static void register(CommandLine line) {
    ALL.forEach(type -> register(line, type));
  }

  private static <E extends Enum<?>> void register(CommandLine line, Class<E> type) {
    ITypeConverter<E> converter = text -> constant(type, text);
    line.registerConverter(type, converter);
  }

  private static <E extends Enum<?>> E constant(Class<E> type, String word) {
    List<E> constants = Arrays.asList(type.getEnumConstants());
    return constants.stream()
        .filter(constant -> constant.toString().equals(word))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "expects one of %s, and not '%s'"
                    .formatted(
                        constants.stream().map(Enum::toString).collect(Collectors.joining(", ")),
                        word)));
  }
}
