package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.cleat.server.tool.ToolException.Kind;
import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class CatalogueTest {
  private static final Map<String, String> NOTHING = Map.of();

  @TempDir Path folder;
  private Path bin;
  private Path file;
  private ShellInit shells;
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 500);

  @BeforeEach
  void install() throws Exception {
    bin = Files.createDirectory(folder.resolve("bin"));
    file = folder.resolve("tools.yaml");
    shells = ShellInit.install(folder.resolve("shells"));
    program("bash");
    program("sh");
  }

  private Path program(String name) throws Exception {
    Path program = Files.createFile(bin.resolve(name));
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Catalogue builtIn(Map<String, String> server) {
    Map<String, String> environment = new HashMap<>(server);
    environment.putIfAbsent("PATH", bin.toString());
    return new Catalogue(ToolSource.of(Catalogue.builtInTools()), shells, environment, Os.LINUX);
  }

  private Catalogue open(String text) throws Exception {
    Files.writeString(file, text);
    return Catalogue.open(file, shells, Map.of("PATH", bin.toString()), Os.LINUX, nanos::get);
  }

  private LaunchRequest request(String tool, Mode mode, Map<String, String> env, String... args) {
    return new LaunchRequest(tool, List.of(args), mode, env, folder, "s1");
  }

  private static ToolException failure(Catalogue catalogue, LaunchRequest request) {
    return catchThrowableOfType(ToolException.class, () -> catalogue.resolve(request));
  }

  @Test
  void bashOnATerminalReadsTheStartUpFileAndMarks() throws Exception {
    Launch launch = builtIn(NOTHING).resolve(request("bash", Mode.PTY, NOTHING, "-c", "a b"));

    assertThat(launch.argv())
        .containsExactly(
            bin.resolve("bash").toString(),
            "--rcfile",
            folder.resolve("shells/bash.rc").toString(),
            "-i",
            "-c",
            "a b");
    assertThat(launch.turnEnd()).isEqualTo(TurnEnd.MARKS);
    assertThat(launch.aid()).hasValueSatisfying(aid -> assertThat(aid).matches("[0-9a-f]{16}"));
    assertThat(launch.environment().get("CLEAT_MARKS_AID")).isEqualTo(launch.aid().orElseThrow());
  }

  @Test
  void everyLaunchHasAnAidOfItsOwn() throws Exception {
    Catalogue catalogue = builtIn(NOTHING);

    assertThat(catalogue.resolve(request("bash", Mode.PTY, NOTHING)).aid())
        .isNotEqualTo(catalogue.resolve(request("bash", Mode.PTY, NOTHING)).aid());
  }

  @Test
  void bashOnPipesIsPlainAndJudgedByStillness() throws Exception {
    Launch launch = builtIn(NOTHING).resolve(request("bash", Mode.PIPES, NOTHING));

    assertThat(launch.argv()).containsExactly(bin.resolve("bash").toString());
    assertThat(launch.turnEnd()).isEqualTo(TurnEnd.STILLNESS);
    assertThat(launch.aid()).isEmpty();
    assertThat(launch.environment())
        .containsEntry("TERM", "dumb")
        .doesNotContainKeys("CLEAT_MARKS_AID", "COLORTERM");
  }

  @Test
  void nothingOfTheServersEnvironmentLeaks() throws Exception {
    Map<String, String> server = new HashMap<>();
    server.put("SECRET_TOKEN", "x");
    server.put("CLEAT_LISTEN", "127.0.0.1:1");
    server.put("LD_PRELOAD", "/x.so");
    server.put("TERM", "vt52");
    server.put("HOME", "/home/ann");
    server.put("USER", "ann");
    server.put("SHELL", "/bin/zsh");
    server.put("TZ", "Asia/Tokyo");
    server.put("LC_TIME", "de_DE.UTF-8");
    server.put("LANG", "en_GB.UTF-8");

    Launch launch = builtIn(server).resolve(request("sh", Mode.PTY, NOTHING));

    assertThat(launch.environment())
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("PATH", bin.toString()),
                Map.entry("HOME", "/home/ann"),
                Map.entry("USER", "ann"),
                Map.entry("LOGNAME", "ann"),
                Map.entry("SHELL", "/bin/zsh"),
                Map.entry("TZ", "Asia/Tokyo"),
                Map.entry("LC_TIME", "de_DE.UTF-8"),
                Map.entry("LANG", "en_GB.UTF-8"),
                Map.entry("TERM", "xterm-256color"),
                Map.entry("COLORTERM", "truecolor"),
                Map.entry("CLEAT_SESSION_ID", "s1")));
  }

  @Test
  void environmentIsUsableWhereTheServerHasNone() throws Exception {
    assertThat(builtIn(NOTHING).resolve(request("sh", Mode.PTY, NOTHING)).environment())
        .containsKeys("HOME", "USER", "LOGNAME", "SHELL")
        .containsEntry("LANG", "C.UTF-8");
  }

  @Test
  void callersVariablesWinOverTheToolsAndThoseOverTheBase() throws Exception {
    Catalogue catalogue = open("tools: {sh: {env: {A: tool, B: tool, TERM: tool, TZ: tool}}}");
    Map<String, String> caller =
        Map.of(
            "B",
            "caller",
            "TZ",
            "caller",
            "CLEAT_SESSION_ID",
            "forged",
            "CLEAT_MARKS_AID",
            "forged");

    assertThat(catalogue.resolve(request("sh", Mode.PTY, caller)).environment())
        .containsEntry("A", "tool")
        .containsEntry("B", "caller")
        .containsEntry("TERM", "tool")
        .containsEntry("TZ", "caller")
        .containsEntry("CLEAT_SESSION_ID", "s1")
        .doesNotContainKey("CLEAT_MARKS_AID");
  }

  @Test
  void callersLocaleIsNotOverruledByTheServers() throws Exception {
    Catalogue catalogue = builtIn(Map.of("LC_ALL", "C", "LANG", "C"));

    assertThat(
            catalogue.resolve(request("sh", Mode.PTY, Map.of("LANG", "fr_FR.UTF-8"))).environment())
        .containsEntry("LANG", "fr_FR.UTF-8")
        .doesNotContainKey("LC_ALL");
  }

  @Test
  void programIsLookedUpOnTheSessionsPath() throws Exception {
    Path other = Files.createDirectories(folder.resolve("other"));
    Path sh = Files.copy(program("copy"), other.resolve("sh"));
    Files.createFile(folder.resolve("not-executable"));
    Files.createDirectories(folder.resolve("d/sh"));
    Files.createDirectories(folder.resolve("relative"));
    Files.copy(sh, folder.resolve("relative/sh"));
    Catalogue catalogue = builtIn(NOTHING);

    String path = folder + "/missing:" + folder + "/d:" + other + ":" + bin;
    assertThat(catalogue.resolve(request("sh", Mode.PTY, Map.of("PATH", path))).program())
        .isEqualTo(sh.toString());
    assertThat(catalogue.resolve(request("sh", Mode.PTY, Map.of("PATH", "relative"))).program())
        .isEqualTo(folder.resolve("relative/sh").toString());
  }

  @Test
  void unknownToolNamesThoseNear() {
    assertThat(failure(builtIn(NOTHING), request("bsh", Mode.PTY, NOTHING)))
        .hasMessage("There is no tool 'bsh'. Did you mean bash or sh?")
        .satisfies(
            e -> assertThat(e.kind()).isEqualTo(Kind.UNKNOWN_TOOL),
            e -> assertThat(e.tool()).isEqualTo("bsh"));
    assertThat(failure(builtIn(NOTHING), request("emacs", Mode.PTY, NOTHING)))
        .hasMessage(
            "There is no tool 'emacs'; there are aider, bash, claude, codex, gemini, opencode, sh");
  }

  @Test
  void knownToolWithoutItsProgramIsNotInstalled() throws Exception {
    Catalogue catalogue =
        open(
            "tools: {away: {command: [away-program]}, fixed: {command: ["
                + folder
                + "/no/bin/fixed]}}");

    assertThat(failure(catalogue, request("away", Mode.PTY, NOTHING)))
        .hasMessageContaining("'away-program' is not installed")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_INSTALLED));
    assertThat(failure(catalogue, request("fixed", Mode.PTY, NOTHING)))
        .hasMessageContaining("'fixed' is not installed")
        .hasMessageNotContaining(folder.toString())
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_INSTALLED));
  }

  @Test
  void toolOfAnotherSystemOrModeIsNotSupported() throws Exception {
    Catalogue catalogue = open("tools: {sh: {os: [windows, macos]}, top: {command: [sh]}}");

    assertThat(failure(catalogue, request("sh", Mode.PTY, NOTHING)))
        .hasMessage("The tool 'sh' does not run on linux; it runs on macos, windows")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_SUPPORTED));
    assertThat(failure(catalogue, request("top", Mode.PIPES, NOTHING)))
        .hasMessage("The tool 'top' needs a terminal: its entry has no pipes_command")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.TOOL_NOT_SUPPORTED));
  }

  @Test
  void listSaysWhatIsInstalledAndSupported() throws Exception {
    Catalogue catalogue = open("tools: {away: {command: [away]}, sh: {os: [windows]}}");

    assertThat(catalogue.list())
        .filteredOn(status -> List.of("away", "bash", "sh").contains(status.tool().name()))
        .extracting(status -> status.tool().name(), ToolStatus::installed, ToolStatus::supported)
        .containsExactly(
            tuple("away", false, true), tuple("bash", true, true), tuple("sh", true, false));
  }

  @Test
  void mistakesAtTheStartAreAllThrown() {
    assertThat(
            catchThrowableOfType(WrongFileException.class, () -> open("tools: {a: {}, b: {x: 1}}"))
                .problems())
        .extracting(Problem::field)
        .containsExactlyInAnyOrder("tools.a", "tools.b.x", "tools.b");
    assertThatThrownBy(() -> Catalogue.open(folder.resolve("missing.yaml"), shells))
        .isInstanceOf(WrongFileException.class)
        .hasMessageEndingWith("missing.yaml: does not exist");
    assertThatThrownBy(() -> Catalogue.open(folder, shells)).isInstanceOf(WrongFileException.class);
  }

  @Test
  void fileThatIsNotUtf8IsRefused() throws Exception {
    Files.write(file, new byte[] {'#', (byte) 0xFF});
    assertThatThrownBy(() -> Catalogue.open(file, shells)).hasMessageEndingWith("is not UTF-8");
  }

  private void change(String text, int age) throws Exception {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH.plusSeconds(age)));
  }

  @Test
  void changedFileCountsFromTheNextLookOnAtMostOnceASecond() throws Exception {
    Catalogue catalogue = open("tools: {a: {command: [a]}}");
    change("tools: {b: {command: [b]}}", 1);

    nanos.addAndGet(Duration.ofMillis(999).toNanos());
    assertThat(catalogue.tool("a").name()).isEqualTo("a");
    nanos.addAndGet(Duration.ofMillis(1).toNanos());
    assertThat(catalogue.tool("b").name()).isEqualTo("b");
    assertThatThrownBy(() -> catalogue.tool("a")).isInstanceOf(ToolException.class);

    change("tools: {c: {command: [c]}}", 2);
    assertThatThrownBy(() -> catalogue.tool("c")).isInstanceOf(ToolException.class);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(catalogue.tool("c").name()).isEqualTo("c");
  }

  @Test
  void mistakeInAChangedFileLeavesTheLastGoodOne() throws Exception {
    Catalogue catalogue = open("tools: {a: {command: [a]}}");
    assertThat(catalogue.problems()).isEmpty();

    change("tools:\n  a: {comand: [b]}\n", 1);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(catalogue.tool("a").command()).containsExactly("a");
    assertThat(catalogue.problems())
        .extracting(Problem::toString)
        .contains(file + ":2: tools.a.comand: unknown key; did you mean command?");

    Files.delete(file);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(catalogue.tool("a").command()).containsExactly("a");
    assertThat(catalogue.problems()).extracting(Problem::message).containsExactly("does not exist");

    change("tools: {a: {command: [c]}}", 2);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(catalogue.tool("a").command()).containsExactly("c");
    assertThat(catalogue.problems()).isEmpty();
  }

  @Test
  void noValueThatMayBeSecretIsPrinted() throws Exception {
    Catalogue catalogue = open("tools: {sh: {env: {TOKEN: tool-secret}}}");
    LaunchRequest request = request("sh", Mode.PTY, Map.of("KEY", "caller-secret"), "arg-secret");

    assertThat(catalogue.resolve(request) + " " + request + " " + catalogue.tool("sh"))
        .doesNotContain("secret");
  }
}
