package dev.cleat.server.isolation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InertEnvironmentTest {
  @Test
  void everyVariableArrivesAsItWasAndNoValueIsInAnArgument() throws Exception {
    final Map<String, String> environment = new LinkedHashMap<>();
    environment.put("PLAIN", "a value");
    environment.put("EMPTY", "");
    environment.put("LINES", "one\ntwo\n");
    environment.put("SPECIAL", "${HOME} $(id) \\c \\_ ' \" # -u X");
    environment.put("-i", "like an option");
    environment.put("--split-string", "like another");
    environment.put("NA ME", "with = in it");
    environment.put("CLEAT_ENV_0", "as the inert ones");
    environment.put("UTF8", "grün 🐢");
    final InertEnvironment inert = InertEnvironment.of(environment);
    assertThat(inert.variables().keySet()).allMatch(name -> name.startsWith("CLEAT_ENV_"));

    final List<String> argv = new ArrayList<>(inert.restore("/usr/bin/env", List.of()));
    assertThat(String.join(" ", argv)).doesNotContain("value", "like", "PLAIN");
    argv.addAll(List.of("/usr/bin/env", "-0"));
    final ProcessBuilder builder = new ProcessBuilder(argv);
    builder.environment().clear();
    builder.environment().putAll(inert.variables());
    final Process process = builder.start();
    final String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(printed.substring(0, printed.length() - 1).split("\0", -1))
        .containsExactlyInAnyOrder(
            environment.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toArray(String[]::new));
  }
}
