package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.server.tool.ToolException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What programs are asked, and what of their answers counts. */
@Isolated(
    "runs a program that it has just written, which a process starting meanwhile could hold open")
@DisabledOnOs(OS.WINDOWS)
class ToolQuestionsTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir Path folder;
  private Catalogue catalogue;
  private Path program;

  @BeforeEach
  void open() throws Exception {
    program = folder.resolve("fake");
    Path file =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              fake: {command: [fake], version: [--version], help: [help, two words]}
              mute: {command: [fake]}
              away: {command: [away], version: [--version], help: [--help]}
            """);
    catalogue =
        Catalogue.open(
            file,
            ShellInit.install(folder.resolve("shells")),
            Map.of("PATH", folder + ":/usr/bin:/bin", "SECRET", "x"),
            Os.LINUX,
            () -> 0);
  }

  private void fake(String script) throws Exception {
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private String version(Questions questions) throws Exception {
    return questions.version(catalogue.tool("fake"));
  }

  private static String text(Answer answer) {
    return new String(answer.output(), UTF_8);
  }

  @Test
  void helpIsWhatTheProgramPrintsWhenAskedInACleanEnvironment() throws Exception {
    fake(
        """
        for word; do echo "[$word]"; done
        echo "secret: $SECRET, terminal: $TERM, input: $(cat)"
        echo error >&2
        exit 3\
        """);

    Answer answer = new Questions(catalogue, LONG).help("fake").orElseThrow();

    assertThat(text(answer))
        .isEqualTo("[help]\n[two words]\nsecret: , terminal: dumb, input: \nerror\n");
    assertThat(answer.truncated()).isFalse();
    assertThat(answer.succeeded()).isFalse();
  }

  @Test
  void helpIsBounded() throws Exception {
    fake("yes");

    Answer answer = new Questions(catalogue, LONG).help("fake").orElseThrow();

    assertThat(answer.output()).hasSize(256 << 10);
    assertThat(answer.truncated()).isTrue();
  }

  @Test
  void programThatTakesTooLongIsKilledWithItsChildren() throws Exception {
    Path pids = folder.resolve("pids");
    fake("echo begun; sleep 1000 & { echo $!; echo $$; } > %s; wait".formatted(pids));

    Duration limit = Duration.ofSeconds(2);
    Answer answer = new Questions(catalogue, limit).help("fake").orElseThrow();
    // On a machine that stands still meanwhile it has not come to all of that in so short a time.
    while (!hasLines(pids, 2) && limit.compareTo(LONG) < 0) {
      limit = limit.multipliedBy(4);
      answer = new Questions(catalogue, limit).help("fake").orElseThrow();
    }

    assertThat(text(answer)).isEqualTo("begun\n");
    assertThat(answer.truncated()).isTrue();
    for (String pid : Files.readAllLines(pids)) {
      Awaitility.await()
          .until(
              () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());
    }
  }

  private static boolean hasLines(Path file, int count) throws IOException {
    return Files.exists(file) && Files.readAllLines(file).size() == count;
  }

  @Test
  void processLeftBehindHoldsNothingUp() throws Exception {
    Path pid = folder.resolve("pid");
    fake("sleep 1000 & echo $! > %s; echo done".formatted(pid));

    Answer answer = new Questions(catalogue, LONG).help("fake").orElseThrow();

    assertThat(text(answer)).isEqualTo("done\n");
    assertThat(answer.truncated()).isFalse();
    ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
        .ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  void helpThatCannotBeAskedForIsEmptyOrRefused() {
    Questions questions = new Questions(catalogue, LONG);

    assertThat(List.of("away", "none"))
        .allSatisfy(name ->
            assertThatThrownBy(() -> questions.help(name)).isInstanceOf(ToolException.class));
    assertThatThrownBy(() -> questions.help("away"))
        .isInstanceOfSatisfying(
            ToolException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_INSTALLED));
    assertThatThrownBy(() -> questions.help("fake"))
        .hasMessageContaining("'fake' is not installed");
  }

  @Test
  void toolWithoutHelpInTheCatalogueIsNotRun() throws Exception {
    fake("touch " + folder.resolve("ran"));
    Questions questions = new Questions(catalogue, LONG);

    assertThat(questions.help("mute")).isEmpty();
    assertThat(questions.version(catalogue.tool("mute"))).isEmpty();
    assertThat(folder.resolve("ran")).doesNotExist();
  }

  @Test
  void versionIsAskedOnceUntilTheProgramChanges() throws Exception {
    Path runs = folder.resolve("runs");
    fake("echo warning >&2; echo 1.2.3; echo . >> " + runs);
    Questions questions = new Questions(catalogue, LONG);

    assertThat(version(questions)).isEqualTo("1.2.3\n").isEqualTo(version(questions));
    assertThat(runs).hasContent(".");

    fake("echo 1.2.30; echo . >> " + runs);
    assertThat(version(questions)).isEqualTo("1.2.30\n");
    assertThat(Files.readAllLines(runs)).hasSize(2);
  }

  @Test
  void programThatFailsHasNoVersionAndIsAskedAgain() throws Exception {
    Path ready = folder.resolve("ready");
    fake("test -e %s && echo 2 && exit; echo not yet; exit 1".formatted(ready));
    Questions questions = new Questions(catalogue, LONG);

    assertThat(version(questions)).isEmpty();
    Files.createFile(ready);
    assertThat(version(questions)).isEqualTo("2\n");
    assertThat(questions.version(catalogue.tool("away"))).isEmpty();
  }

  @Test
  void programThatCannotBeStartedHasNoVersionAndNoHelp() throws Exception {
    fake("");
    Files.writeString(program, "#!/no/such/interpreter\n");
    Questions questions = new Questions(catalogue, LONG);

    assertThat(version(questions)).isEmpty();
    assertThatThrownBy(() -> questions.help("fake")).hasMessageContaining("cannot be started");
  }
}
