package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How agents are driven on a terminal: what is read of it, and what each mistake says. */
class CatalogueTerminalFileTest {
  private static Tool tool(String text) throws WrongFileException {
    return Objects.requireNonNull(CatalogueFile.read("tools.yaml", text, Map.of()).get("a"));
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
  void formIsReadWithAllItsFields() throws Exception {
    Tool tool =
        tool(
            """
            tools:
              a:
                command: [a]
                terminal:
                  ready: '^> '
                  tick: ['busy', 'working']
                  tick_title: '^[|/-]'
                  failed: '^error: (.*)'
                  collapsed: '\\[(?P<lines>\\d+) lines\\]'
                  paste: typed
                  submit: ctrl-j
                  newline: [escape, enter]
                  interrupt: ctrl-c
                  clear: ctrl-u
                  quiet: 2s
                  question_after: 1m
                  start_timeout: 10s
                  session: [--name, "{session}"]
                  resume: ["--go-on={session}"]
                  questions:
                    - pattern: 'May I\\?'
                      tool: doing
                      answers:
                        - {pattern: 'Yes', kind: allow_once, keys: [down, "y"]}
            """);

    TerminalForm form = tool.terminal().orElseThrow();
    assertThat(tool.turnEnd()).isEqualTo(TurnEnd.SCREEN);
    assertThat(tool.turnEnd(Mode.PIPES)).isEqualTo(TurnEnd.NONE);
    assertThat(form.tick()).extracting(Pattern::pattern).containsExactly("busy", "working");
    assertThat(form.paste()).isEqualTo(Paste.TYPED);
    assertThat(form.submit()).isEqualTo("\n");
    assertThat(form.newline()).contains("\u001b\r");
    assertThat(form.interrupt()).isEqualTo("\u0003");
    assertThat(form.clear()).isEqualTo("\u0015");
    assertThat(form.quiet()).hasSeconds(2);
    assertThat(form.questionAfter()).hasMinutes(1);
    assertThat(form.startTimeout()).hasSeconds(10);
    QuestionForm question = form.questions().getFirst();
    assertThat(question.tool()).isEqualTo("doing");
    assertThat(question.answers().getFirst().kind()).isEqualTo(AnswerForm.Kind.ALLOW_ONCE);
    assertThat(question.answers().getFirst().keys()).isEqualTo("\u001b[By");
  }

  @Test
  void formOfOneFieldHasTheUsualKeys() throws Exception {
    TerminalForm form =
        tool("tools: {a: {command: [a], terminal: {ready: '^> '}}}").terminal().orElseThrow();

    assertThat(form.paste()).isEqualTo(Paste.BRACKETED);
    assertThat(form.submit()).isEqualTo("\r");
    assertThat(form.interrupt()).isEqualTo("\u001b");
    assertThat(form.clear()).isEqualTo("\u0015");
    assertThat(form.quiet()).isEqualTo(Duration.ofSeconds(1));
    assertThat(form.newline()).isEmpty();
  }

  @Test
  void sessionIsNamedOrGoneOnWith() throws Exception {
    TerminalForm form =
        tool("tools: {a: {command: [a], terminal: {ready: x, session: [-n, '{session}'], resume:"
                + " [-r, '{session}']}}}")
            .terminal()
            .orElseThrow();
    List<String> first = new ArrayList<>(List.of("a"));
    String id = form.addSession(first, "").orElseThrow();
    assertThat(first).containsExactly("a", "-n", id);
    assertThat(id).hasSize(36);
    List<String> next = new ArrayList<>(List.of("a"));
    assertThat(form.addSession(next, "s$1")).contains("s$1");
    assertThat(next).containsExactly("a", "-r", "s$1");
  }

  @Test
  void modelIsSaidWhereOneIsAskedFor() throws Exception {
    TerminalForm form =
        tool("tools: {a: {command: [a], terminal: {ready: x, model: [--model, 'x/{model}']}}}")
            .terminal()
            .orElseThrow();
    List<String> asked = new ArrayList<>(List.of("a"));
    form.addModel(asked, "m$1");
    assertThat(asked).containsExactly("a", "--model", "x/m$1");
    List<String> own = new ArrayList<>(List.of("a"));
    form.addModel(own, "");
    assertThat(own).containsExactly("a");
  }

  @Test
  void sessionMayBeWrittenDownInFiles() throws Exception {
    SessionFileForm form =
        tool("tools: {a: {command: [a], terminal: {ready: x, session_id: {files: [$A/b/*.json],"
                + " id: /of/it, workdir: /in}}}}")
            .terminal()
            .orElseThrow()
            .sessionId()
            .orElseThrow();
    assertThat(form.files()).containsExactly("$A/b/*.json");
    assertThat(form.id()).hasToString("/of/it");
    assertThat(form.workdir()).hasToString("/in");
  }

  @Test
  void everyMistakeInWhereSessionsAreWrittenDownIsNamed() {
    assertThat(
            mistakes(
                """
                tools:
                  a:
                    command: [a]
                    terminal:
                      ready: x
                      session: [--session, "{session}"]
                      session_id:
                        files: [$HOME/sessions/*.json, /etc/passwd, $HOME/../x, $HOME]
                        id: id
                """))
        .containsExactly(
            "tools.yaml:8: tools.a.terminal.session_id.files[1]: must be a variable and names below"
                + " it, such as $HOME/.tool/*.jsonl",
            "tools.yaml:8: tools.a.terminal.session_id.files[2]: must be a variable and names below"
                + " it, such as $HOME/.tool/*.jsonl",
            "tools.yaml:8: tools.a.terminal.session_id.files[3]: must be a variable and names below"
                + " it, such as $HOME/.tool/*.jsonl",
            "tools.yaml:8: tools.a.terminal.session_id: workdir is missing",
            "tools.yaml:8: tools.a.terminal.session_id: is not needed with session, which sets it",
            "tools.yaml:9: tools.a.terminal.session_id.id: must be a JSON pointer, such as"
                + " /payload/id");
  }

  @Test
  void everyMistakeIsNamedWithItsLineAndField() {
    assertThat(
            mistakes(
                """
                tools:
                  a:
                    command: [a]
                    turns: screen
                  b:
                    command: [b]
                    terminal:
                      tick: ['.*']
                      failed: '(unclosed'
                      paste: slowly
                      submit: return
                      quiet: 1h
                      model: [--model, "{session}"]
                      resume: [--go-on]
                      questions:
                        - tool: x
                          answers: []
                        - pattern: 'May I'
                          answers:
                            - {pattern: 'Yes', kind: maybe, keys: [enter, hyper]}
                """))
        .containsExactly(
            "tools.yaml:4: tools.a.turns: screen needs terminal: what the screen looks like",
            "tools.yaml:8: tools.b.terminal: ready is missing",
            "tools.yaml:8: tools.b.terminal.tick[0]: is found everywhere, even where there is"
                + " nothing",
            "tools.yaml:9: tools.b.terminal.failed: is not a regular expression (RE2): missing"
                + " closing )",
            "tools.yaml:10: tools.b.terminal.paste: 'slowly' is not one of bracketed, typed",
            "tools.yaml:11: tools.b.terminal.submit: 'return' is no key: give " + Keys.KNOWN,
            "tools.yaml:12: tools.b.terminal.quiet: must be a duration such as 500ms, 2s or 1m,"
                + " from 50ms to 10m",
            "tools.yaml:13: tools.b.terminal.model: must contain {model} exactly once, and no other"
                + " placeholder",
            "tools.yaml:14: tools.b.terminal.resume: must contain {session} exactly once, and no"
                + " other placeholder",
            "tools.yaml:16: tools.b.terminal.questions[0]: pattern is missing",
            "tools.yaml:17: tools.b.terminal.questions[0].answers: must not be empty",
            "tools.yaml:20: tools.b.terminal.questions[1].answers[0].kind: 'maybe' is not one of"
                + " allow_once, allow_always, deny_once, deny_always",
            "tools.yaml:20: tools.b.terminal.questions[1].answers[0].keys[1]: 'hyper' is no key:"
                + " give "
                + Keys.KNOWN);
  }

  /** As Claude Code 2.1.197 draws it. */
  @Test
  void questionsOfClaudeCodeAreRead() {
    String screen =
        """
         Bash command

           touch made.txt && echo written
           Runs a command

         Do you want to proceed?
         ❯ 1. Yes
           2. Yes, and always allow access to work/ from this project
           3. No

         Esc to cancel · Tab to amend · ctrl+e to explain
        """;
    QuestionForm question =
        Objects.requireNonNull(Catalogue.builtInTools().get("claude"))
            .terminal()
            .orElseThrow()
            .questions()
            .getFirst();
    Matcher matcher = question.pattern().matcher(screen);
    assertThat(matcher.find()).isTrue();
    assertThat(matcher.group(1).strip()).startsWith("touch made.txt && echo written");
    assertThat(question.answers()).allMatch(answer -> answer.pattern().matcher(screen).find());
  }

  /** As Codex 0.169.0 draws it. */
  @Test
  void questionsOfCodexAreRead() {
    String screen =
        """
          Would you like to run the following command?

          Environment: local

          Reason: May it be written?

          $ touch made.txt && echo written


        › 1. Yes, proceed (y)
          2. Yes, and don't ask again for commands that start with `touch made.txt` (p)
          3. No, and tell Codex what to do differently (esc)
        """;
    QuestionForm question =
        Objects.requireNonNull(Catalogue.builtInTools().get("codex"))
            .terminal()
            .orElseThrow()
            .questions()
            .getFirst();
    Matcher matcher = question.pattern().matcher(screen);
    assertThat(matcher.find()).isTrue();
    assertThat(matcher.group(1)).isEqualTo("touch made.txt && echo written");
    assertThat(question.answers()).allMatch(answer -> answer.pattern().matcher(screen).find());
  }

  @Test
  void noPatternIsOfFramesWhichChange() {
    for (String name : List.of("claude", "codex")) {
      TerminalForm form =
          Objects.requireNonNull(Catalogue.builtInTools().get(name)).terminal().orElseThrow();
      List<Pattern> all = new ArrayList<>(form.tick());
      all.add(form.ready());
      form.failed().ifPresent(all::add);
      form.questions()
          .forEach(question -> {
            all.add(question.pattern());
            question.answers().forEach(answer -> all.add(answer.pattern()));
          });
      assertThat(all)
          .noneMatch(
              pattern -> pattern.pattern().codePoints().anyMatch(c -> c >= 0x2500 && c <= 0x257F));
    }
  }
}
