package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Tool;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** What the command line says of tools. */
@TestInstance(Lifecycle.PER_CLASS)
final class ToolCommandsTest {
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void toolsAreListed() throws Exception {
    assertThat(server.run("tools").ok().lines()).anyMatch(line -> line.startsWith("bash "));
    boolean bash = false;
    for (String line : server.run("tools", "-o", "json").ok().lines()) {
      Tool.Builder tool = Printed.parse(line, Tool.newBuilder());
      bash |= tool.getName().equals("bash") && tool.getInstalled();
    }
    assertThat(bash).isTrue();
  }

  @Test
  void toolIsShownWithItsVersionAndItsHelp() throws Exception {
    assertThat(server.run("tools").ok().lines())
        .anyMatch(
            line -> line.matches("bash +yes +terminal +GNU bash, .* +/\\S*/bash +The GNU shell.*"))
        .anyMatch(line -> line.matches("claude +(yes|no) +acp, headless, terminal +.*"));

    assertThat(server.run("tools", "bash").ok().out())
        .containsPattern("version +GNU bash")
        .containsPattern("path +/.*/bash")
        .containsPattern("available +terminal")
        .containsPattern("typed prompts +end exactly");
    assertThat(server.run("tools", "bash", "--help-text").ok().out())
        .contains("GNU bash", "--rcfile");
    assertThat(
            Printed.parse(server.run("tools", "bash", "-o", "json").ok().line(), Tool.newBuilder())
                .getVersion())
        .startsWith("GNU bash");
    assertThat(server.run("tools", "bash", "--help-text", "-o", "json").ok().line())
        .startsWith("{\"text\":\"GNU bash");
  }

  @Test
  void toolThatCannotBeAskedSaysWhy() {
    assertThat(server.run("tools", "sh", "--help-text").err()).contains("for help").hasLineCount(1);
    assertThat(server.run("tools", "bsh").err()).contains("no tool 'bsh'").hasLineCount(1);
  }
}
