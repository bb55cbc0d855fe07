package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.auth.AuthSettings;
import dev.cleat.server.auth.JwtRules;
import dev.cleat.server.journal.SyncPolicy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/** Where settings come from, which goes before which, and how they are printed. */
class ConfigLoaderTest {
  @TempDir Path folder;
  private ConfigSources sources;

  @BeforeEach
  void nothingIsConfigured() {
    sources = new ConfigSources(folder);
  }

  @Test
  void withoutAnythingEverythingHasItsDefault() {
    LoadedConfig loaded = sources.load();

    assertThat(loaded.config())
        .isEqualTo(
            new Config(
                new ListenAddress("127.0.0.1", 7070),
                Path.of("/home/someone/.local/share/cleat"),
                null,
                null,
                new Config.Isolation(false),
                null,
                new AuthSettings(
                    null, null, new JwtRules("", "", "tenant", "sub", "role"), null, true),
                new Config.Open(true, true),
                new Config.Journal(
                    SyncPolicy.INTERVAL, Duration.ofMillis(200), 16 << 20, 512 << 10),
                new Config.Retention(1L << 30, Duration.ZERO, Duration.ofDays(7)),
                new Config.Session(Duration.ZERO, Duration.ofSeconds(5)),
                new Config.Turns(1_000),
                new Config.Artifacts(List.of()),
                new Config.Limits(4 << 20, 1 << 20, 4_000, 1_000, 32, 0, 0, 4_000),
                new Config.Shutdown(
                    Duration.ofSeconds(30), Duration.ofSeconds(1), Duration.ofSeconds(10)),
                true,
                Level.INFO,
                new Config.Telemetry(
                    new ListenAddress("127.0.0.1", 7071),
                    LogFormat.TEXT,
                    null,
                    new AuditTarget.None(),
                    false)));
    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.place(ConfigKeys.LISTEN)).hasValue("default");
    assertThat(loaded.place(ConfigKeys.CATALOGUE)).isEmpty();
  }

  @Test
  void whatIsSeenOfTheServerIsConfigured() {
    sources.environment().put("CLEAT_ADMIN_LISTEN", "none");
    sources.environment().put("CLEAT_LOG_FORMAT", "json");
    sources.environment().put("CLEAT_OTEL_ENDPOINT", "http://127.0.0.1:4318");
    sources.environment().put("CLEAT_AUDIT_FILE", "/var/log/cleat/audit.jsonl");
    sources.environment().put("CLEAT_AUDIT_REQUIRED", "true");

    assertThat(sources.load().config().telemetry())
        .isEqualTo(
            new Config.Telemetry(
                null,
                LogFormat.JSON,
                URI.create("http://127.0.0.1:4318"),
                new AuditTarget.File(Path.of("/var/log/cleat/audit.jsonl")),
                true));
  }

  @Test
  void theDataFolderFollowsTheXdgSpecification() {
    sources.environment().put("XDG_DATA_HOME", "/xdg");
    assertThat(sources.load().config().data()).isEqualTo(Path.of("/xdg/cleat"));

    sources.environment().put("XDG_DATA_HOME", "relative/is/ignored");
    assertThat(sources.load().config().data())
        .isEqualTo(Path.of("/home/someone/.local/share/cleat"));

    sources.environment().keySet().removeAll(List.of("XDG_DATA_HOME", "HOME"));
    assertThat(sources.load().config().data())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".local/share/cleat"));
  }

  @Test
  void aFlagIsOverTheEnvironmentOverTheFileOverTheDefault() {
    sources.write("limits:\n  queue: 1\n  sessions: 1\n  clients_per_session: 1\n");
    sources.environment().put("CLEAT_LIMITS_QUEUE", "2");
    sources.environment().put("CLEAT_LIMITS_SESSIONS", "2");
    sources.flags().put(ConfigKeys.LIMITS_QUEUE, "3");

    LoadedConfig loaded = sources.load();

    assertThat(loaded.config().limits())
        .isEqualTo(new Config.Limits(4 << 20, 1 << 20, 2, 1, 3, 0, 0, 4_000));
    assertThat(loaded.place(ConfigKeys.LIMITS_QUEUE)).hasValue("flag --limits-queue");
    assertThat(loaded.place(ConfigKeys.LIMITS_SESSIONS))
        .hasValue("environment CLEAT_LIMITS_SESSIONS");
    assertThat(loaded.place(ConfigKeys.LIMITS_CLIENTS_PER_SESSION))
        .hasValue(sources.file() + ":4:24");
    assertThat(loaded.place(ConfigKeys.TURNS_KEEP)).hasValue("default");
  }

  @Test
  void theFileIsNamedByFlagOrEnvironment() throws IOException {
    sources.write("turns:\n  keep: 5\n");
    sources.flags().clear();
    sources.environment().put("CLEAT_CONFIG", sources.file().toString());
    assertThat(sources.load().config().turns().keep()).isEqualTo(5);

    Path other = Files.writeString(folder.resolve("other.yaml"), "turns: {keep: 6}");
    sources.flags().put(ConfigKeys.CONFIG, other.toString());
    assertThat(sources.load().config().turns().keep()).isEqualTo(6);
  }

  @Test
  void anEmptyFileSetsNothing() {
    LoadedConfig without = sources.load();
    sources.write("");
    assertThat(sources.load().config()).isEqualTo(without.config());
    sources.write("# nothing\n");
    assertThat(sources.load().config()).isEqualTo(without.config());
  }

  @Test
  void relativePathsInTheFileAreRelativeToItsFolderAndOthersToTheWorkingDirectory() {
    sources.write("data: state\ncatalogue: ../tools.yaml\n");
    assertThat(sources.load().config().data()).isEqualTo(folder.resolve("state"));
    assertThat(sources.load().config().catalogue()).isEqualTo(folder.resolveSibling("tools.yaml"));

    sources.flags().put(ConfigKeys.DATA, "state");
    assertThat(sources.load().config().data()).isEqualTo(Path.of("state").toAbsolutePath());
  }

  @Test
  void severalPathsHaveColonsBetweenThem() {
    sources.write("artifacts:\n  roots: pictures:/srv/plots\n");
    assertThat(sources.load().config().artifacts().roots())
        .containsExactly(folder.resolve("pictures"), Path.of("/srv/plots"));
    sources.write("artifacts:\n  roots: \"\"\n");
    assertThat(sources.load().config().artifacts().roots()).isEmpty();
    sources.write("artifacts:\n  roots: /a::/b\n");
    assertThat(sources.problems())
        .containsExactly("cleat.yaml:2:10: artifacts.roots: expects a path, and is empty");
  }

  @Test
  void anEmptyVariableIsNotSet() {
    sources.environment().put("CLEAT_LISTEN", "");
    assertThat(sources.load().place(ConfigKeys.LISTEN)).hasValue("default");
  }

  @Test
  void whatIsPrintedGivesTheSameConfigurationAgain() throws IOException {
    sources.write(
        "data: \"with: colon # and 'quotes' \\u00e9\\n\"\njournal:\n  sync_interval: 1.5s\n");
    sources.environment().put("CLEAT_RETENTION_BYTES", "1048577");
    sources.flags().put(ConfigKeys.LISTEN, "[::1]:0");
    LoadedConfig loaded = sources.load();

    sources.write(loaded.toYaml());
    sources.flags().remove(ConfigKeys.LISTEN);
    sources.environment().clear();

    assertThat(sources.load().config()).isEqualTo(loaded.config());
  }

  @Test
  void whatIsPrintedSaysWhereEachValueComesFrom() {
    sources.write("journal:\n  sync: always\n");
    sources.environment().put("CLEAT_TURNS_KEEP", "7");
    sources.flags().put(ConfigKeys.RETENTION_ENDED, "48h");

    assertThat(sources.load().toYaml().lines())
        .startsWith("listen: 127.0.0.1:7070  # default", "allow_insecure_listen: false  # default")
        .contains(
            "# catalogue: not set",
            "# config: " + sources.file() + "  # flag --config",
            "  sync: always  # " + sources.file() + ":2:9",
            "  keep: 7  # environment CLEAT_TURNS_KEEP",
            "  ended: 2d  # flag --retention-ended");
  }
}
