package dev.cleat.server.tool;

import dev.cleat.server.yaml.WrongFileException;
import java.util.Map;
import java.util.Objects;

/** Forms of tools, for tests elsewhere. */
public final class CatalogueForms {
  private CatalogueForms() {}

  /** A terminal's form, by the fields of a catalogue file. */
  public static TerminalForm terminal(String fields) {
    final String file = "tools:\n  a:\n    command: [a]\n    terminal:\n" + fields.indent(6);
    try {
      return Objects.requireNonNull(CatalogueFile.read("a.yaml", file, Map.of()).get("a"))
          .terminal()
          .orElseThrow();
    } catch (WrongFileException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The form of a tool that comes with Cleat. */
  public static TerminalForm builtIn(String tool) {
    return Objects.requireNonNull(Catalogue.builtInTools().get(tool)).terminal().orElseThrow();
  }
}
