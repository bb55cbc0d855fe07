package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What programs ask their terminal is answered once, with or without clients. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TerminalQueriesTest {
  /**
   * Asks in raw mode, and shows what came up to a character, and then what came of a second
   * question: what was answered twice would be there.
   */
  private static final String ASK =
      """
      ask() {
        local first second
        stty raw -echo
        printf "$1"
        IFS= read -r -d "$2" -t 30 first
        printf '\\033[5n'
        IFS= read -r -d n -t 30 second
        stty sane
        printf '%q %q\\n' "$first" "$second"
      }
      """;

  private Path home;
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    home = Files.createDirectory(data.resolve("home"));
    Files.writeString(home.resolve("ask"), ASK);
    server = TestServer.start(data.resolve("data"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private String shell(Path where) {
    return server
        .sessions()
        .create(
            CreateRequest.newBuilder()
                .setTool("bash")
                .putEnv("HOME", where.toString())
                .setWorkdir(home.toString())
                .setSize(TerminalSize.newBuilder().setRows(40).setColumns(100))
                .build())
        .getSession()
        .getId();
  }

  private Turn run(String id, String command) {
    final Turn ended = server.prompter().run(id, command);
    assertThat(ended.getState()).as("%s", ended).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
    return ended;
  }

  private String asked(String id, String question, String until) {
    return run(id, "bash -c '. ./ask; ask \"" + question + "\" " + until + "'")
        .getOutputPreview()
        .strip();
  }

  @Test
  void answersComeInTheOrderOfTheQuestionsWithoutAClient() {
    final String id = shell(home);
    run(id, "clear");

    // Where the cursor stands, and what the terminal is: programs ask the second to know that there
    // will be no more answers to the first.
    assertThat(asked(id, "\\033[12;7H\\033[6n\\033[c", "c"))
        .isEqualTo("$'\\E[12;7R\\E[?62;22' $'\\E[0'");
    assertThat(asked(id, "\\033[18t", "t")).isEqualTo("$'\\E[8;40;100' $'\\E[0'");
    assertThat(asked(id, "\\033[?2004h\\033[?2004\\$p", "y")).isEqualTo("$'\\E[?2004;1$' $'\\E[0'");
    assertThat(asked(id, "\\033]11;?\\007", "$(printf \"\\007\")"))
        .isEqualTo("$'\\E]11;rgb:0000/0000/0000' $'\\E[0'");
  }

  @Test
  void clientsMakeNoMoreAnswersOfOne() {
    final String id = shell(home);
    final AttachOpen open =
        AttachOpen.newBuilder()
            .setSessionId(id)
            .setSize(TerminalSize.newBuilder().setRows(30).setColumns(90))
            .build();
    final AttachStream first = new AttachStream(server, open);
    final AttachStream second = new AttachStream(server, open);
    first.await(stream -> !stream.events().isEmpty());
    second.await(stream -> !stream.events().isEmpty());

    assertThat(asked(id, "\\033[18t", "t")).isEqualTo("$'\\E[8;30;90' $'\\E[0'");
    first.requests().onCompleted();
    second.requests().onCompleted();
  }

  @Test
  void nothingIsTypedForWhoDoesNotWait() {
    final String id = shell(home);
    for (int i = 0; i < 20; i++) {
      // A file with questions in it, printed by a program that does not know.
      run(id, "printf '\\033[6n\\033[c\\033[5n'");
      assertThat(run(id, "echo round " + i).getOutputPreview()).isEqualTo("round " + i + "\n");
    }
  }

  @Test
  void aShellThatAsksBeforeItsPromptIsAnswered(@TempDir Path other) throws Exception {
    Files.writeString(
        other.resolve(".bashrc"),
        """
        where() { IFS='[;' read -r -s -d R -t 30 -p $'\\033[6n' _ row column; }
        PROMPT_COMMAND=where
        """);
    final String id = shell(other);

    assertThat(run(id, "echo \"$row,$column\"").getOutputPreview()).matches("\\d+,1\n");
    assertThat(run(id, "echo \"$row,$column\"").getOutputPreview()).matches("\\d+,1\n");
  }
}
