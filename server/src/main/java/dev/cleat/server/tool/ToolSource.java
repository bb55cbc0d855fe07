package dev.cleat.server.tool;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.server.yaml.WrongFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The tools, from a file that is read again when it has changed. Thread-safe. */
final class ToolSource {
  private final Map<String, Tool> builtIn;
  private final @Nullable WatchedFile<Map<String, Tool>> file;

  private ToolSource(Map<String, Tool> builtIn, @Nullable WatchedFile<Map<String, Tool>> file) {
    this.builtIn = builtIn;
    this.file = file;
  }

  /** Always these. */
  static ToolSource of(Map<String, Tool> tools) {
    return new ToolSource(immutable(tools), null);
  }

  /** Those of a file over these. */
  static ToolSource open(Path file, Map<String, Tool> builtIn, LongSupplier nanoTime)
      throws WrongFileException {
    return new ToolSource(
        builtIn,
        new WatchedFile<>(
            "the catalogue",
            file,
            (name, text) -> immutable(CatalogueFile.read(name, text, builtIn)),
            nanoTime));
  }

  /** By name. */
  Map<String, Tool> tools() {
    return file == null ? builtIn : file.contents();
  }

  List<Problem> problems() {
    return file == null ? List.of() : file.problems();
  }

  private static Map<String, Tool> immutable(Map<String, Tool> tools) {
    return Collections.unmodifiableMap(new TreeMap<>(tools));
  }
}
