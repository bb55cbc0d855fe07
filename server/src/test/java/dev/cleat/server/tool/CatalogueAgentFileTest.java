package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Entries of agents: what is read of them, and what each mistake says. */
class CatalogueAgentFileTest {
  private static final TurnWords WORDS =
      new TurnWords("say {model}; $(x) \\1", "s-7", "", Path.of("/w"), "", List.of());

  private static Tool tool(String name, String text) throws WrongFileException {
    return Objects.requireNonNull(
        CatalogueFile.read("tools.yaml", text, Catalogue.builtInTools()).get(name));
  }

  private static HeadlessForm headless(String fields) throws WrongFileException {
    return tool("a", "tools: {a: {headless: {" + fields + "}}}").headless().orElseThrow();
  }

  private static List<String> mistakes(String text) {
    return catchThrowableOfType(
            WrongFileException.class, () -> CatalogueFile.read("tools.yaml", text, Map.of()))
        .problems()
        .stream()
        .map(Problem::toString)
        .toList();
  }

  @Test
  void agentIsReadWithAllItsFields() throws Exception {
    Tool agent =
        tool(
            "agent",
            """
            tools:
              agent:
                acp: {command: [agent, --acp]}
                headless:
                  command: [/opt/agent, "{prompt}"]
                  resume: [/opt/agent, --go-on, "{session}", "{prompt}"]
                  session_id: 'session: (\\S+)'
                endpoint: {variable: [A_URL, B_URL]}
                version: [version]
                help: [help, --all]
            """);

    assertThat(agent.ways()).containsExactly(Way.ACP, Way.HEADLESS);
    assertThat(agent.command()).isEmpty();
    assertThat(agent.acp())
        .contains(new AcpForm(List.of("agent", "--acp"), Optional.empty(), Optional.empty()));
    HeadlessForm form = agent.headless().orElseThrow();
    assertThat(form.output()).isEqualTo(HeadlessOutput.PLAIN);
    assertThat(form.token()).isEqualTo(SessionToken.FOUND);
    assertThat(form.sessionId().orElseThrow().pattern()).isEqualTo("session: (\\S+)");
    assertThat(agent.endpoint().orElseThrow().variables()).containsExactly("A_URL", "B_URL");
    assertThat(agent.version()).containsExactly("version");
    assertThat(agent.help()).containsExactly("help", "--all");
    assertThat(agent.program()).isEqualTo("/opt/agent");
    assertThat(agent.turnEnd()).isEqualTo(TurnEnd.NONE);
  }

  @Test
  void entryOfAKnownAgentChangesOnlyItsFields() throws Exception {
    Tool builtIn = Objects.requireNonNull(Catalogue.builtInTools().get("claude"));
    Tool changed =
        tool("claude", "tools: {claude: {acp: {command: [/opt/acp]}, endpoint: {variable: U}}}");

    assertThat(changed.acp())
        .contains(new AcpForm(List.of("/opt/acp"), Optional.empty(), Optional.empty()));
    assertThat(changed.endpoint().orElseThrow().variables()).containsExactly("U");
    assertThat(changed.headless()).isEqualTo(builtIn.headless());
    assertThat(changed.command()).isEqualTo(builtIn.command());
    assertThat(changed.help()).isEqualTo(builtIn.help());
  }

  @Test
  void whatIsPutIntoATemplateIsNotLookedAtAgain() throws Exception {
    assertThat(headless("command: [a, 'x={prompt}', 'in {workdir}: {}']").argv(WORDS))
        .containsExactly("a", "x=say {model}; $(x) \\1", "in /w: {}");
  }

  @Test
  void listIsLeftOutWhenAPlaceholderInItIsEmpty() throws Exception {
    HeadlessForm form =
        headless(
            "command: [a, [-m, '{model}'], [-r, '{role} by {model}'], [-i, '{image}'],"
                + " '{prompt}']");

    assertThat(form.argv(new TurnWords("p", "", "", Path.of("/w"), "r", List.of())))
        .containsExactly("a", "p");
    assertThat(
            form.argv(
                new TurnWords(
                    "p", "", "m", Path.of("/w"), "r", List.of(Path.of("/1"), Path.of("/2")))))
        .containsExactly("a", "-m", "m", "-r", "r by m", "-i", "/1", "-i", "/2", "p");
    assertThat(form.takesImages()).isTrue();
    assertThat(headless("command: [a, '{prompt}']").takesImages()).isFalse();
  }

  @Test
  void promptByStandardInputIsNoArgument() throws Exception {
    HeadlessForm form = headless("command: [a, [-m, '{model}']], input: claude");
    assertThat(form.argv(WORDS)).first().isEqualTo("a");
    assertThat(form.argv(WORDS)).doesNotContain(WORDS.prompt());
    assertThat(form.takesImages()).isTrue();
    for (String word : List.of("'{prompt}'", "[-i, '{image}']")) {
      assertThat(
              mistakes("tools: {a: {headless: {command: [a, %s], input: claude}}}".formatted(word)))
          .containsExactly(
              "tools.yaml:1: tools.a.headless.command: must not contain {prompt} or {image}: they"
                  + " come by standard input");
    }
    assertThat(mistakes("tools: {a: {headless: {command: [a, '{prompt}'], input: x}}}"))
        .containsExactly("tools.yaml:1: tools.a.headless.input: 'x' is not one of none, claude");
  }

  @Test
  void withoutAResumeTemplateEachTurnIsTheFirst() throws Exception {
    assertThat(headless("command: [a, '{prompt}']").argv(WORDS, true)).hasSize(2);
  }

  @Test
  void everyMistakeOfAnAgentIsNamedWithItsLineAndField() {
    assertThat(
            mistakes(
                """
                tools:
                  a:
                    acp: {comand: [a]}
                    endpoint: {variable: [OK, "A=B"]}
                    version: []
                  b:
                    headless:
                      command: [b, "{promt}", "{model}"]
                      resume: [b, "{prompt}", "{prompt}"]
                      output: claud
                      session_id: "(a"
                      token: lost
                  c:
                    headless:
                      command:
                        - "c{prompt}"
                        - [--x, y]
                        - [--prompt, "{prompt}"]
                        - [--deep, [x]]
                """))
        .containsExactly(
            "tools.yaml:3: tools.a.acp.comand: unknown key; did you mean command?",
            "tools.yaml:3: tools.a.acp: command is missing",
            "tools.yaml:4: tools.a.endpoint.variable[1]: a variable's name must not be empty or"
                + " contain '='",
            "tools.yaml:5: tools.a.version: must not be empty",
            "tools.yaml:8: tools.b.headless.command[1]: unknown placeholder {promt}; known are"
                + " {prompt}, {session}, {model}, {workdir}, {role}, {image}",
            "tools.yaml:8: tools.b.headless.command[2]: {model} can be empty: put it into a list of"
                + " its own, such as [--x, \"{model}\"], which is then left out",
            "tools.yaml:8: tools.b.headless.command: must contain {prompt} exactly once, and not 0"
                + " times",
            "tools.yaml:9: tools.b.headless.resume: must contain {prompt} exactly once, and not 2"
                + " times",
            "tools.yaml:9: tools.b.headless.resume: must contain {session}",
            "tools.yaml:10: tools.b.headless.output: 'claud' is not one of claude, codex, opencode,"
                + " gemini, plain",
            "tools.yaml:11: tools.b.headless.session_id: is not a regular expression (RE2): missing"
                + " closing )",
            "tools.yaml:12: tools.b.headless.token: 'lost' is not one of set, found",
            "tools.yaml:16: tools.c.headless.command[0]: must be a program, without placeholders",
            "tools.yaml:16: tools.c.headless.command: must contain {prompt} exactly once, and not 2"
                + " times",
            "tools.yaml:17: tools.c.headless.command[1]: has no placeholder, so it is never left"
                + " out: write its words out",
            "tools.yaml:18: tools.c.headless.command[2]: {prompt} must not be in a list that may be"
                + " left out",
            "tools.yaml:19: tools.c.headless.command[3][1]: must be a single value",
            "tools.yaml:19: tools.c.headless.command[3]: has no placeholder, so it is never left"
                + " out: write its words out");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          acp: a                                                              | acp: must be a mapping
          acp: {command: a}                                                   | acp.command: must be a list
          acp: {command: [b/a]}                                               | acp.command[0]: must be the name of a program
          headless: {}                                                        | headless: command is missing
          headless: {command: []}                                             | headless.command: must not be empty
          headless: {command: [[a], "{prompt}"]}                              | headless.command[0]: must be a program
          headless: {command: [./a, "{prompt}"]}                              | headless.command[0]: must be the name of a program
          headless: {command: [a, "{prompt}", "{image}"]}                     | headless.command[2]: {image} can be empty
          headless: {command: [a, "{prompt}{prompt}"]}                        | headless.command: must contain {prompt} exactly once
          headless: {command: [a, "{prompt}", "{session}"]}                   | headless.command: must not contain {session}
          headless: {command: [a, "{prompt}"], token: set}                    | headless.command: must contain {session}
          headless: {command: [a, "{prompt}"], resume: [a, "{prompt}", "{session}"]} | headless.resume: goes on with a session that nothing names
          headless: {command: [a, "{prompt}"], session_id: a}                 | headless.session_id: needs a group
          headless: {command: [a, "{prompt}"], session_id: "(a)\\\\1"}        | headless.session_id: is not a regular expression
          headless: {command: [a, "{prompt}"], session_id: "(a)", output: codex} | headless.session_id: is only for output: plain
          headless: {command: [a, "{prompt}", "{session}"], session_id: "(a)", token: set} | headless.session_id: is not needed
          endpoint: {}                                                        | endpoint: needs variable, json or args
          endpoint: {variables: [A]}                                          | endpoint.variables: unknown key; did you mean variable
          endpoint: {args: [--url]}                                           | endpoint.args: must contain {endpoint}
          endpoint: {args: [--url, "{role}"]}                                 | endpoint.args: must contain {endpoint}
          endpoint: {json: {A: "{endpoint}"}}                                 | endpoint.json.A: must be a mapping
          endpoint: {json: {A: {b: [c]}}}                                     | endpoint.json.A: must contain {endpoint}
          endpoint: {json: {"A=": {b: "{endpoint}"}}}                         | endpoint.json.A=: a variable's name must not
          endpoint: {json: {A: {b: "{endpoint}", c: .inf}}}                   | endpoint.json.A.c: is no number of JSON
          endpoint: {json: {A: {b: "{endpoint}", c: !!int abc}}}              | endpoint.json.A.c: is no number of JSON
          endpoint: {json: {A: {b: "{endpoint}", c: !!float abc}}}            | endpoint.json.A.c: is no number of JSON
          endpoint: {json: {A: &again {b: "{endpoint}", c: *again}}}          | endpoint.json.A.c.c
          role: {args: [--role, "{endpoint}"]}                                | role.args: must contain {role}
          acp: {command: [a], role: {args: []}}                               | acp.role.args: must not be empty
          endpoint: {variable: ""}                                            | endpoint.variable: a variable's name must not be empty
          help: --help                                                        | help: must be a list
          """)
  void mistakeIsNamed(String field, String mistake) {
    assertThat(mistakes("tools:\n  a:\n    command: [a]\n    " + field + "\n"))
        .anySatisfy(found -> assertThat(found).startsWith("tools.yaml:4: tools.a." + mistake));
  }

  @Test
  void documentThatTellsASettingIsNotAVariableOfTheEntryToo() {
    String env = "env: {A: x}";
    String document = "{json: {A: {b: '{%s}'}}}";
    for (String told :
        List.of(
            "endpoint: " + document.formatted("endpoint"),
            "acp: {command: [a], role: " + document.formatted("role") + "}")) {
      assertThat(mistakes("tools: {a: {command: [a], " + env + ", " + told + "}}"))
          .singleElement()
          .asString()
          .startsWith("tools.yaml:1: tools.a.env.A: is the document that tells the tool");
    }
  }

  @Test
  void patternIsBounded() {
    assertThat(
            mistakes(
                "tools: {a: {headless: {command: [a, '{prompt}'], session_id: '("
                    + "a".repeat(999)
                    + ")'}}}"))
        .containsExactly(
            "tools.yaml:1: tools.a.headless.session_id: has more than 1,000 characters");
  }

  @Test
  void promptOfABuiltInAgentIsNeverAnOption() {
    TurnWords words =
        new TurnWords("--version", "s-7", "m", Path.of("/w"), "r", List.of(Path.of("/i.png")));
    Catalogue.builtInTools().values().stream()
        .flatMap(tool -> tool.headless().stream())
        .filter(form -> form.input() == HeadlessInput.NONE)
        .forEach(form -> {
          for (boolean resuming : new boolean[] {false, true}) {
            List<String> argv = form.argv(words, resuming);
            assertThat(argv.getLast())
                .isIn("--version", "--message=--version", "--prompt=--version");
            if (argv.getLast().equals("--version")) {
              assertThat(argv.subList(0, argv.size() - 1)).contains("--");
            }
          }
        });
  }
}
