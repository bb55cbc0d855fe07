package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueFileTest {
  private static Map<String, Tool> read(String text) throws WrongFileException {
    return CatalogueFile.read("tools.yaml", text, Catalogue.builtInTools());
  }

  private static Tool tool(String name, String text) throws WrongFileException {
    return Objects.requireNonNull(read(text).get(name));
  }

  private static List<String> mistakes(String text) {
    return catchThrowableOfType(WrongFileException.class, () -> read(text)).problems().stream()
        .map(Problem::toString)
        .toList();
  }

  @Test
  void builtInEntriesAreShellsAndAgents() {
    assertThat(Catalogue.builtInTools().keySet())
        .containsExactly("aider", "bash", "claude", "codex", "gemini", "opencode", "sh");
  }

  @Test
  void entryIsReadWithAllItsFields() throws Exception {
    assertThat(
            tool(
                "py",
                """
                tools:
                  py:
                    title: Python
                    description: "The interpreter: interactive"
                    command: [python3, -q, -i]
                    pipes_command: [/usr/bin/python3, "-"]
                    env: {PYTHONUNBUFFERED: 1, EMPTY: "", FLAG: true}
                    turns: stillness
                    stillness: 250ms
                    os: [linux]
                """))
        .isEqualTo(
            new Tool(
                "py",
                "Python",
                "The interpreter: interactive",
                List.of("python3", "-q", "-i"),
                List.of("/usr/bin/python3", "-"),
                Map.of("PYTHONUNBUFFERED", "1", "EMPTY", "", "FLAG", "true"),
                Optional.empty(),
                TurnEnd.STILLNESS,
                Duration.ofMillis(250),
                Set.of(Os.LINUX),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of()));
  }

  @Test
  void commandAloneMakesAnEntryThatTakesNoPrompts() throws Exception {
    assertThat(tool("top", "tools: {top: {command: [top]}}"))
        .isEqualTo(
            new Tool(
                "top",
                "top",
                "",
                List.of("top"),
                List.of(),
                Map.of(),
                Optional.empty(),
                TurnEnd.NONE,
                Duration.ofSeconds(1),
                Set.of(Os.LINUX, Os.MACOS, Os.WINDOWS),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of()));
  }

  @Test
  void entryOfAKnownNameChangesOnlyItsFields() throws Exception {
    Tool builtIn = Objects.requireNonNull(Catalogue.builtInTools().get("bash"));
    Tool changed =
        tool("bash", "tools: {bash: {command: [/opt/bash5/bin/bash, -i], stillness: 2s}}");

    assertThat(changed.command()).containsExactly("/opt/bash5/bin/bash", "-i");
    assertThat(changed.stillness()).hasSeconds(2);
    assertThat(changed.shell()).contains(Shell.BASH);
    assertThat(changed.turnEnd()).isEqualTo(TurnEnd.MARKS);
    assertThat(changed.description()).isEqualTo(builtIn.description());
    assertThat(changed.pipesCommand()).isEqualTo(builtIn.pipesCommand());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing\n", "tools: {}", "---\n", "tools:\n  # none yet\n"})
  void emptyFileChangesNothing(String text) throws Exception {
    assertThat(read(text)).isEqualTo(Catalogue.builtInTools());
  }

  @Test
  void everyMistakeIsNamedWithItsLineAndField() {
    assertThat(
            mistakes(
                """
                tool: {}
                tools:
                  -bad name:
                    command: [x]
                  bash:
                    comand: [bash]
                    turns: sometimes
                    stillness: 10
                  other:
                    title: [a]
                    env:
                      "A=B": c
                      D:
                      E: {f: g}
                  third:
                    command: [bin/x, [y]]
                    pipes_command: []
                    shell: zsh
                    os: [linux, beos]
                    weight: 3
                """))
        .containsExactly(
            "tools.yaml:1: tool: unknown key; did you mean tools?",
            "tools.yaml:4: tools.-bad name: a tool's name is 1 to 64 letters, digits, '.', '_' and"
                + " '-', and begins with a letter or digit",
            "tools.yaml:6: tools.bash.comand: unknown key; did you mean command?",
            "tools.yaml:7: tools.bash.turns: 'sometimes' is not one of marks, stillness, screen,"
                + " none",
            "tools.yaml:8: tools.bash.stillness: must be a duration such as 500ms, 2s or 1m, from"
                + " 50ms to 10m",
            "tools.yaml:10: tools.other.title: must be a single value",
            "tools.yaml:10: tools.other: command is missing, or acp or headless",
            "tools.yaml:12: tools.other.env.A=B: a variable's name must not be empty or contain"
                + " '='",
            "tools.yaml:13: tools.other.env.D: has no value",
            "tools.yaml:14: tools.other.env.E: must be a single value",
            "tools.yaml:16: tools.third.command[1]: must be a single value",
            "tools.yaml:16: tools.third.command[0]: must be the name of a program or an absolute"
                + " path",
            "tools.yaml:17: tools.third.pipes_command: must not be empty",
            "tools.yaml:18: tools.third.shell: 'zsh' is not one of bash",
            "tools.yaml:19: tools.third.os[1]: 'beos' is not one of linux, macos, windows",
            "tools.yaml:20: tools.third.weight: unknown key; known are title, description, command,"
                + " pipes_command, env, shell, turns, stillness, os, acp, headless, terminal,"
                + " endpoint, role, version, help");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tools: [a]                                | tools.yaml:1: tools: must be a mapping of keys to values
          [a]                                       | tools.yaml:1: must be a mapping of keys to values
          just text                                 | tools.yaml:1: must be a mapping of keys to values
          tools: {a: }                              | tools.yaml:1: tools.a: must be a mapping of keys to values
          tools: {a: {command: [a]}, a: {}}         | tools.yaml:1: tools.a: is there twice
          tools: {a: {command: a b}}                | tools.yaml:1: tools.a.command: must be a list
          tools: {a: {command: ["a\\0"]}}            | tools.yaml:1: tools.a.command[0]: must not contain a NUL character
          tools: {a: {command: [""]}}               | tools.yaml:1: tools.a.command[0]: must be the name of a program
          tools: {a: {command: [a], stillness: 1h}} | tools.yaml:1: tools.a.stillness: must be a duration
          tools: {a: {command: [a], stillness: 11m}} | tools.yaml:1: tools.a.stillness: must be a duration
          tools: {[a]: {}}                          | tools.yaml:1: tools: a key must be a plain word
          tools: {a: {<<: {}, command: [a]}}        | tools.yaml:1: tools.a.<<: unknown key
          tools: {a: {                              | tools.yaml:1: not YAML:
          """)
  void mistakeIsNamed(String text, String mistake) {
    assertThat(mistakes(text)).anySatisfy(found -> assertThat(found).startsWith(mistake));
  }

  @Test
  void mistakeInTheSyntaxHasItsLine() {
    assertThat(mistakes("tools:\n  a:\n\tcommand: [a]\n"))
        .singleElement()
        .asString()
        .startsWith("tools.yaml:3: not YAML: ");
    assertThat(mistakes("tools: {}\n---\ntools: {}\n"))
        .singleElement()
        .asString()
        .contains("not YAML");
    assertThat(mistakes("tools: *unknown\n"))
        .singleElement()
        .asString()
        .startsWith("tools.yaml:1: not YAML: ");
  }

  @Test
  void aliasesThatContainThemselvesEnd() {
    assertThatThrownBy(() -> read("tools: &t {a: *t}")).isInstanceOf(WrongFileException.class);
    assertThatThrownBy(() -> read("tools: {a: {command: &c [*c]}}"))
        .isInstanceOf(WrongFileException.class);
  }

  @Test
  void messageHasAllMistakes() {
    assertThatThrownBy(() -> read("tools: {a: {}, b: {}}"))
        .hasMessage(
            "tools.yaml:1: tools.a: command is missing, or acp or headless\n"
                + "tools.yaml:1: tools.b: command is missing, or acp or headless");
  }
}
