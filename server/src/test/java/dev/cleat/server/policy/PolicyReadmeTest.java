package dev.cleat.server.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example of a policy file is one. */
class PolicyReadmeTest {
  @TempDir Path folder;

  @Test
  void theExampleCanBeRead() throws Exception {
    final List<String> lines = Files.readAllLines(Path.of("..", "README.md"));
    final int start = lines.indexOf("tenants:");
    final List<String> example =
        lines.subList(start, lines.size()).stream()
            .takeWhile(line -> !line.startsWith("```"))
            .toList();

    final Policy policy =
        Policy.open(Files.writeString(folder.resolve("policy.yaml"), String.join("\n", example)));

    assertThat(policy.tenants()).containsExactly("acme");
    assertThat(policy.workspaces())
        .extracting(WorkspacePolicy::name)
        .containsExactly("box", "docker", "own");
    assertThat(policy.tenant("other").defaultWorkspace()).hasValue("docker");
    assertThat(
            policy
                .workspace("docker")
                .orElseThrow()
                .prefix()
                .orElseThrow()
                .fill(new Prefix.Values("s", "acme", "/work", "docker", Set.of("TERM"))))
        .containsExactly("docker", "exec", "-it", "-e", "TERM", "-w", "/work", "box-acme");
  }
}
