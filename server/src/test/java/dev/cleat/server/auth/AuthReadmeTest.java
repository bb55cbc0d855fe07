package dev.cleat.server.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The README's examples of files are such files. */
class AuthReadmeTest {
  /** The block of YAML that begins so. */
  private static String example(String first) throws Exception {
    final List<String> lines = Files.readAllLines(Path.of("..", "README.md"));
    final int from = lines.indexOf(first);
    assertThat(lines.get(from - 1)).isEqualTo("```yaml");
    return String.join(
        "\n", lines.subList(from, from + lines.subList(from, lines.size()).indexOf("```")));
  }

  @Test
  void theTokensAreRead() throws Exception {
    final TokenTable table = TokenFile.read("README.md", example("tokens:"));
    assertThat(table.find("cleat_example", Instant.EPOCH))
        .map(credential -> credential.caller().subject())
        .hasValue("ci");
  }

  @Test
  void theKeysOfTicketsAreRead() throws Exception {
    assertThat(TicketKeys.read("README.md", example("keys:")).all()).hasSize(2);
  }
}
