package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The README's example of a catalogue file is one. */
class CatalogueReadmeTest {
  @Test
  void exampleIsRead() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("..", "README.md"));
    int from = lines.indexOf("```yaml") + 1;
    List<String> example =
        lines.subList(from, from + lines.subList(from, lines.size()).indexOf("```"));

    Map<String, Tool> tools =
        CatalogueFile.read("README.md", String.join("\n", example), Catalogue.builtInTools());

    assertThat(Objects.requireNonNull(tools.get("my-agent")).ways())
        .containsExactly(Way.ACP, Way.HEADLESS, Way.TERMINAL);
  }
}
