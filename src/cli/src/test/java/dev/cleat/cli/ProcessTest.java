package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own shows: serving, signals, closed pipes, silence. */
@Order(2)
final class ProcessTest {
  private static AsProcess serve(Path data) throws Exception {
    return AsProcess.start(
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "none",
        "--data",
        data.toString(),
        "--shutdown-grace",
        "1s",
        "--session-stop-grace",
        "1s");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void serveSaysWhereItServesAndEndsWithGraceOnASignal(String signal, @TempDir Path data)
      throws Exception {
    try (AsProcess server = serve(data)) {
      String line = server.line();
      assertThat(line).matches("cleat serves on 127\\.0\\.0\\.1:\\d+");
      String target = line.replace("cleat serves on ", "");
      Ran.on(target, "", "new", "sh", "--pipes").ok();

      server.signal(signal);

      assertThat(server.awaitEnd()).isZero();
      assertThat(server.lines()).isEmpty();
    }
  }

  @Test
  void aPortOrAFolderInUseIsOneLine(@TempDir Path data, @TempDir Path other) throws Exception {
    try (TestServer first = TestServer.start(data)) {
      for (String[] command :
          new String[][] {
            {"serve", "--listen", first.target(), "--data", other.toString()},
            {"serve", "--listen", "127.0.0.1:0", "--data", data.toString()}
          }) {
        try (AsProcess second = AsProcess.start(command)) {
          assertThat(second.awaitEnd()).isEqualTo(1);
          assertThat(second.lines()).isEmpty();
          assertThat(second.errors().lines().filter(line -> line.startsWith("cleat: "))).hasSize(1);
        }
      }
    }
  }

  @Test
  void theFirstCtrlCCancelsTheTurnAndItsEndIsTold(@TempDir Path data) throws Exception {
    try (TestServer server = TestServer.start(data)) {
      String id = server.create("bash");
      try (AsProcess prompt =
          AsProcess.start("prompt", id, "echo begun; sleep 60", "--server", server.target())) {
        assertThat(prompt.line()).isEqualTo("begun");

        prompt.signal("INT");

        assertThat(prompt.awaitEnd()).isEqualTo(130);
      }
      assertThat(server.run("turns", id).ok().out()).contains("cancelled");
      assertThat(server.run("prompt", id, "echo next").ok().out()).isEqualTo("next\n");
    }
  }

  @Test
  void aWatchedListShowsWhatHappens(@TempDir Path data) throws Exception {
    try (TestServer server = TestServer.start(data)) {
      String before = server.create("sh", "--pipes");
      try (AsProcess list = AsProcess.start("ls", "-q", "--watch", "--server", server.target())) {
        assertThat(list.line()).isEqualTo(before);

        String id = server.create("sh", "--pipes", "--name", "new-one");
        String line = list.line();
        assertThat(line).contains("created", id, "new-one");
        server.run("rm", "--force", id).ok();
        while (!line.contains("deleted")) {
          line = list.line();
        }
        assertThat(line).contains(id);

        list.signal("TERM");
        assertThat(list.awaitEnd()).isEqualTo(143);
      }
    }
  }

  @Test
  void anOutputThatNobodyReadsEndsTheCommandWithoutAWord(@TempDir Path data) throws Exception {
    try (TestServer server = TestServer.start(data)) {
      String id = server.create("sh", "--pipes");
      server.run("send", id, "-e", "seq 200000; echo end >&2").ok();
      soon().until(() -> server.run("logs", id, "-n", "1").ok().out().contains("end"));
      String pipe =
          String.join(" ", AsProcess.command("logs", id, "--server", server.target()))
              + " | head -n 1; echo ${PIPESTATUS[0]}";

      Process shell = new ProcessBuilder("bash", "-c", pipe).redirectErrorStream(true).start();

      assertThat(shell.inputReader().lines()).containsExactly("1", "1");
      assertThat(shell.waitFor()).isZero();
    }
  }
}
