package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A prompt whose session's way of taking prompts is gone: it is typed, and shown like any other.
 */
final class OtherWayTest {
  @TempDir private Path folder;
  private Path program;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    program = Files.createSymbolicLink(folder.resolve("headless"), Path.of("/bin/sh"));
    Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              fragile:
                command: [bash, -i]
                shell: bash
                turns: marks
                headless:
                  command: [%s, -c, 'echo "said $1"', sh, "{prompt}"]
            """
                .formatted(program));
    server = TestServer.start(folder.resolve("data"), 0, Map.of("catalogue", catalogue.toString()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Ran prompt(String... words) {
    String[] command = new String[words.length + 1];
    command[0] = "prompt";
    System.arraycopy(words, 0, command, 1, words.length);
    return server.run(command);
  }

  /** A session that takes prompts in its own way, which is gone then. */
  private String broken() throws Exception {
    String id = server.create("fragile");
    assertThat(prompt(id, "hello").ok().out()).isEqualTo("said hello\n");
    Files.delete(program);
    return id;
  }

  @Test
  void theTurnInWhichItChangesIsShown() throws Exception {
    String id = broken();

    Ran ran = prompt(id, "printf '\\033[31mone\\033[0m\\ntwo'; (exit 7)");

    assertThat(ran.out()).isEqualTo("one\ntwo");
    assertThat(ran.code()).isEqualTo(7);
    assertThat(ran.err()).isEmpty();
    assertThat(prompt(id, "echo three").ok().out()).isEqualTo("three\n");
  }

  @Test
  void itIsShownAsItWasPrintedWhereThatIsAskedFor() throws Exception {
    String id = broken();

    assertThat(prompt("--raw", id, "printf '\\033[31mred\\n'").ok().out())
        .isEqualTo("\033[31mred\r\n");
  }

  @Test
  void itsOutputIsInTheJson() throws Exception {
    String id = broken();

    Ran ran = prompt("-o", "json", id, "echo out; (exit 3)");

    assertThat(ran.code()).isEqualTo(3);
    assertThat(
            Printed.parse(ran.line(), Struct.newBuilder())
                .getFieldsOrThrow("output")
                .getStringValue())
        .isEqualTo("out\n");
  }
}
