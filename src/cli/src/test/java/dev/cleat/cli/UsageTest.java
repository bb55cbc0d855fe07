package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said about a command line, without a server. */
final class UsageTest {
  private static final List<String> COMMANDS =
      List.of(
          "serve",
          "new",
          "ls",
          "set",
          "info",
          "attach",
          "prompt",
          "send",
          "logs",
          "screen",
          "turns",
          "cancel",
          "add-usage",
          "approvals",
          "approve",
          "deny",
          "artifacts",
          "artifact",
          "interrupt",
          "pause",
          "resume",
          "stop",
          "restart",
          "rm",
          "tools",
          "health",
          "whoami",
          "quotas",
          "ticket",
          "token",
          "completion");

  @Test
  void withoutACommandTheUsageIsShown() {
    Ran ran = Ran.alone();

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains(COMMANDS);
  }

  @Test
  void everyCommandHasHelp() {
    assertThat(Ran.alone("--help").ok().out()).contains(COMMANDS);
    for (String command : COMMANDS) {
      assertThat(Ran.alone(command, "--help").ok().out()).startsWith("Usage: cleat " + command);
    }
    assertThat(Ran.alone("serve", "--help").ok().out())
        .contains("--listen", "--data", "--config", "--limits-sessions", "--allow-insecure-listen");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lss",
        "ls --no-such-option",
        "ls --state tired",
        "ls -o xml",
        "ls --server nowhere",
        "new",
        "new bash --size 24",
        "new bash --get-or-create",
        "new bash -c",
        "new bash --env CLEAT_TEST_NO_SUCH_VARIABLE",
        "artifact x",
        "artifact x y --forget --to z",
        "attach",
        "attach x --replay few",
        "attach x --detach-keys ctrl-1",
        "prompt x --timeout soon y",
        "prompt x --busy perhaps y",
        "prompt x --json --no-wait y",
        "prompt x --json -o json y",
        "prompt x --image /no/such/file y",
        "new claude --way telepathy",
        "new claude --revive perhaps",
        "new claude --approval-timeout soon",
        "approve",
        "prompt x ''",
        "logs x --since yesterday",
        "logs x --tail -1",
        "logs x --raw --plain",
        "turns x -n 0",
        "stop x --grace 1",
        "tools --help-text",
        "ls --cert /no/such/file",
        "ls --key /no/such/file",
        "ls --token secret",
        "ticket x",
        "ticket x --role root",
        "ticket x --role viewer --ttl soon",
        "token",
        "token old",
        "token new --tenant build --role owner",
        "token new --tenant Build --role owner --name ci",
        "token new --tenant build --role root --name ci",
        "token new --tenant build --role owner --name ticket:ci",
        "token new --tenant build --role owner --name ci --expires soon",
        "completion fish",
        "serve --no-such-setting",
        "serve --limits-sessions none"
      })
  void wrongUsageIsOneLineAndCodeTwo(String line) {
    Ran ran = Ran.alone(line.replace("''", " ").split(" "));

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).startsWith("cleat: ").endsWith("\n").hasLineCount(1);
  }

  @Test
  void wrongUsageNamesTheFix() {
    assertThat(Ran.alone("attahc").err()).contains("did you mean attach?").hasLineCount(1);
    assertThat(Ran.alone("new", "bash", "-c", "ls").err()).contains("after --");
    assertThat(Ran.alone("ls", "-o", "xml").err()).contains("text, json", "cleat ls --help");
  }

  @Test
  void aServerThatIsNotThereIsCodeThree() throws IOException {
    // Taken, so that nobody else comes to listen there.
    try (Socket nobody = new Socket()) {
      nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String target = "127.0.0.1:" + nobody.getLocalPort();
      for (String command :
          List.of("ls", "new bash", "attach x", "prompt x y", "logs x", "stop x")) {
        Ran ran = Ran.on(target, "", command.split(" "));

        assertThat(ran.code()).as(command).isEqualTo(3);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err())
            .startsWith("cleat: cannot reach the server at " + target)
            .contains("is it running? start it with ./cleat serve")
            .hasLineCount(1);
      }
    }
  }

  @Test
  void everyMistakeOfTheConfigurationIsALine(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("cleat.yaml"), "listen: here\nlimit: 3\n");

    Ran ran = Ran.alone("serve", "--config", file.toString(), "--limits-queue", "many");

    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).hasLineCount(3).contains("listen", "limit", "--limits-queue");
  }

  @Test
  void theConfigurationIsShownWithItsPlaces(@TempDir Path folder) {
    Ran ran = Ran.alone("serve", "--data", folder.toString(), "--print-config", "--channelz");

    assertThat(ran.ok().out())
        .contains("data: " + folder, "flag --data", "channelz: true", "flag --channelz");
  }

  @Test
  void aServerThatCannotStartSaysWhyInOneLine(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    Ran ran = Ran.alone("serve", "--listen", "127.0.0.1:0", "--data", file.resolve("x").toString());

    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).startsWith("cleat: ").hasLineCount(1);
  }

  @Test
  void aTokenIsNoOptionAndTheHelpSaysWhy() {
    assertThat(Ran.alone("ls", "--help").ok().out().replaceAll("\\s+", " "))
        .contains("--token-file=FILE")
        .contains("No option takes the token itself: every user of the machine could read it")
        .doesNotContain("--token=");
    assertThat(Ran.alone("token", "new", "--help").ok().out()).startsWith("Usage: cleat token new");
  }

  @Test
  void aNewTokenIsPrintedWithTheEntryThatHasOnlyItsHash() throws Exception {
    Ran ran =
        Ran.alone("token", "new", "--tenant", "build", "--role", "owner", "--name", "c\"i").ok();

    assertThat(ran.line()).matches("cleat_[A-Za-z0-9_-]{43}");
    String hash =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256")
                    .digest(ran.line().getBytes(StandardCharsets.UTF_8)));
    assertThat(ran.err())
        .isEqualTo(
            """
              - name: "c\\"i"
                tenant: "build"
                role: owner
                sha256: "%s"
            """
                .formatted(hash));
    assertThat(
            Ran.alone(
                    "token",
                    "new",
                    "--tenant",
                    "a",
                    "--role",
                    "admin",
                    "--name",
                    "b",
                    "--expires",
                    "90d")
                .ok()
                .err())
        .containsPattern("expires: 2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bash", "zsh"})
  void theCompletionIsAScriptOfEveryCommand(String shell, @TempDir Path folder) throws Exception {
    String script = Ran.alone("completion", shell).ok().out();
    Path file = Files.writeString(folder.resolve("completion"), script);

    Process check = new ProcessBuilder("bash", "-n", file.toString()).inheritIO().start();

    assertThat(check.waitFor()).isZero();
    assertThat(script).contains(COMMANDS).contains("--detach-keys", "--limits-sessions");
    assertThat(script).contains("bashcompinit");
  }

  @Test
  void theCompletionCompletes(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(folder.resolve("completion"), Ran.alone("completion", "bash").ok().out());
    String ask =
        """
        source %s
        COMP_WORDS=(cleat att); COMP_CWORD=1; _complete_cleat; echo "${COMPREPLY[@]}"
        COMP_WORDS=(cleat attach --read); COMP_CWORD=2; _complete_cleat; echo "${COMPREPLY[@]}"
        """
            .formatted(file);

    Process bash = new ProcessBuilder("bash", "-c", ask).start();

    assertThat(bash.inputReader().lines()).containsExactly("attach", "--read-only");
  }
}
