package dev.cleat.server.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.server.isolation.GroupMarks.Mark;
import dev.cleat.server.policy.Policy;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * With real processes, each of which holds the pipe that is read here: it ends when all have. It
 * has a name, since that of a {@link Process} ends with the process itself.
 */
class GroupMarksTest {
  /** A user that no other test's processes have. */
  private static final int USER = 48_231;

  private static final String NAME = "group-marks-test-" + ProcessHandle.current().pid();

  private final List<Process> started = new ArrayList<>();
  @TempDir private Path pipes;

  @AfterEach
  void endAll() throws Exception {
    for (final Process process : started) {
      process.destroyForcibly();
      process.waitFor();
    }
    GroupMarks.open(NAME).ifPresent(GroupMarks::close);
  }

  private static GroupMarks open(String name) {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to be other users");
    return GroupMarks.open(name).orElseThrow();
  }

  /** Starts a script with a mark, and waits for the line that it prints. */
  private BufferedReader start(Mark mark, String... script) throws Exception {
    final List<String> argv =
        new ArrayList<>(
            List.of(
                "setpriv",
                "--no-new-privs",
                "--reuid=" + USER,
                "--regid=" + USER,
                "--groups=" + mark.group(),
                "--inh-caps=-all",
                "--bounding-set=-all",
                "--"));
    argv.addAll(List.of(script));
    return started(argv);
  }

  private BufferedReader started(List<String> argv) throws Exception {
    final Path pipe = pipes.resolve("pipe-" + started.size());
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    // Who opens it for reading waits for one who opens it for writing, and the other way round.
    final FutureTask<BufferedReader> reading =
        new FutureTask<>(() -> Files.newBufferedReader(pipe));
    final Thread _ = Thread.ofPlatform().daemon().start(reading);
    final Process process =
        new ProcessBuilder(argv)
            .redirectOutput(pipe.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    started.add(process);
    final BufferedReader out = reading.get();
    assertThat(out.readLine()).isEqualTo("started");
    return out;
  }

  /** Until nothing holds its other end. */
  private static void readToTheEnd(BufferedReader out) throws Exception {
    while (out.readLine() != null) {}
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "echo started; exec sleep 600",
        "setsid nohup setsid sh -c 'echo started; sleep 600 & sleep 600' < /dev/null & wait",
        "(setsid bash -c '(exec -a \"\" sh -c \"echo started; sleep 600; :\") &' &)",
        "env -i setsid sh -c 'trap \"\" HUP INT TERM; echo started; while :; do sleep 600; done' &",
      })
  void whatHasLeftEndsWithItsMark(String script) throws Exception {
    final Mark mark = open(NAME).make();
    final BufferedReader out = start(mark, "bash", "-c", script);
    mark.close();
    readToTheEnd(out);
  }

  @Test
  void aProcessWhoseFirstThreadHasEndedIsAliveAndEnds() throws Exception {
    // The system call exit, by its number on the machine, ends the one thread.
    final String script =
        """
        use threads;
        use POSIX;
        $| = 1;
        threads->create(sub { print "started\\n"; sleep 600 });
        syscall((POSIX::uname())[4] eq "x86_64" ? 60 : 93, 0);
        """;
    final Mark mark = open(NAME).make();
    final BufferedReader out = start(mark, "perl", "-e", script);
    mark.close();
    readToTheEnd(out);
  }

  @Test
  void whatBecomesAnotherProcessAllTheTimeEndsToo() throws Exception {
    final Mark mark = open(NAME).make();
    final BufferedReader out =
        start(
            mark,
            "setsid",
            "perl",
            "-e",
            "$| = 1; print qq(started\\n); while (1) { fork and exit }");
    mark.close();
    readToTheEnd(out);
  }

  @Test
  void onlyWhatHasTheMarkEnds() throws Exception {
    final GroupMarks marks = open(NAME);
    final Mark one = marks.make();
    final Mark other = marks.make();
    assertThat(one.group()).isNotEqualTo(other.group());
    final BufferedReader out = start(one, "sh", "-c", "echo started; exec sleep 600");
    final BufferedReader lives =
        start(other, "sh", "-c", "echo started; while read -r line; do echo $line; done");
    one.close();
    readToTheEnd(out);
    one.close();
    final Process process = started.getLast();
    process.getOutputStream().write("here\n".getBytes(StandardCharsets.US_ASCII));
    process.getOutputStream().flush();
    assertThat(lives.readLine()).isEqualTo("here");
  }

  @Test
  void whatAnEarlierRunHasLeftIsEndedAndThatOfOthersIsNot() throws Exception {
    final BufferedReader out = start(open(NAME).make(), "sh", "-c", "echo started; exec sleep 600");
    open(NAME + "-other").close();
    assertThat(started.getLast().waitFor(0, TimeUnit.SECONDS)).isFalse();
    assertThat(GroupMarks.open(NAME)).isPresent();
    readToTheEnd(out);
  }

  /** The whole chain that starts a session, as it is on a machine without control groups. */
  @Test
  void aSessionOfAnotherUserHasAMarkWhereNoControlGroupHoldsIt(@TempDir Path folder)
      throws Exception {
    final GroupMarks marks = open(NAME);
    final Path file =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants: {t: {user: %d, default_workspace: own}}
            workspaces:
              own: {isolation: own-user, roots: [/], limits: {processes: 100}}
              same: {limits: {processes: 100}}
            """
                .formatted(USER));
    final Policy policy = Policy.open(file);
    try (Isolator isolator = new Isolator(folder, new Programs(""), true, null, marks)) {
      assertThat(isolator.says(policy))
          .anyMatch(says -> says.startsWith("Workspace own:") && says.endsWith("which is ended"))
          .anyMatch(says -> says.startsWith("Workspace same:") && says.contains("may outlive it"));
      final Confined confined =
          isolator.confine(
              new Wish(
                  policy.workspace("own").orElseThrow(),
                  policy.tenant("t"),
                  "s1",
                  List.of("/bin/sh", "-c", "echo started; id -G; exec setsid sleep 600"),
                  Map.of(),
                  "/",
                  false));
      final BufferedReader out = started(confined.argv());
      final Mark mark = (Mark) confined.cell();
      assertThat(out.readLine()).isEqualTo(USER + " " + mark.group());
      mark.close();
      readToTheEnd(out);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'         0          0 4294967295', true",
    "'0 100000 65536', false",
    "'0 1000 1\n1 100000 4294967294', true",
    "'0 1000 1\n2147483648 2147483648 1073741824', true",
    "'0 1000 1\n2147483648 2147483648 1073741823', false",
    "'', false",
  })
  void numbersAreGivenOutWhereTheyAreGroups(String map, boolean mapped) {
    assertThat(GroupMarks.areMapped(map)).isEqualTo(mapped);
  }

  /** The name is what the program says that it is. */
  @ParameterizedTest
  @ValueSource(strings = {"\rGroups:\t8", "Groups:\t8", "\rState:\tZ", "\u0085Groups:\t8"})
  void noNameOfAProgramHidesIt(String name) {
    final String status = "Name:\t" + name + "\nState:\tS\nGroups:\t7 \nThreads:\t1\n";
    assertThat(GroupMarks.isIn(status, group -> group == 7)).isTrue();
    assertThat(GroupMarks.isAlive(status)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "S (sleeping), 1, 7, true, true",
    "S (sleeping), 1, 33 7 44, true, true",
    "S (sleeping), 1, 77, false, true",
    "S (sleeping), 1, '', false, true",
    "Z (zombie), 1, 7, true, false",
    "Z (zombie), 2, 7, true, true",
    "X (dead), 1, 7, true, false",
    "T (stopped), 1, 7, true, true",
  })
  void aStatusSaysWhetherAProcessIsOneOfThemAndLives(
      String state, int threads, String groups, boolean found, boolean lives) {
    final String status =
        "Name:\tGroups: 7\nState:\t%s\nPid:\t12\nGroups:\t%s \nVmSize:\t7 kB\nThreads:\t%d\n"
            .formatted(state, groups, threads);
    assertThat(GroupMarks.isIn(status, group -> group == 7)).isEqualTo(found);
    assertThat(GroupMarks.isAlive(status)).isEqualTo(lives);
  }
}
