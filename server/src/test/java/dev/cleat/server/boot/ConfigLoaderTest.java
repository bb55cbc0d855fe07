package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.auth.AuthSettings;
import dev.cleat.server.auth.JwtRules;
import dev.cleat.server.journal.SyncPolicy;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

class ConfigLoaderTest {
  @TempDir Path folder;
  private Path file;
  private final Map<String, String> environment = new HashMap<>(Map.of("HOME", "/home/someone"));
  private final Map<ConfigKey<?>, String> flags = new HashMap<>();

  @BeforeEach
  void nameFile() {
    file = folder.resolve("cleat.yaml");
  }

  private void write(String yaml) {
    try {
      Files.writeString(file, yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    flags.put(ConfigKeys.CONFIG, file.toString());
  }

  private LoadedConfig load() {
    try {
      return ConfigLoader.load(environment, flags);
    } catch (ConfigException e) {
      throw new AssertionError(e);
    }
  }

  /** With the file's path shortened to its name. */
  private List<String> problems() {
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(environment, flags));
    assertThat(e).isNotNull().hasMessage(String.join("\n", e.problems()));
    return e.problems().stream().map(line -> line.replace(file.toString(), "cleat.yaml")).toList();
  }

  @Test
  void withoutAnythingEverythingHasItsDefault() {
    LoadedConfig loaded = load();

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
    environment.put("CLEAT_ADMIN_LISTEN", "none");
    environment.put("CLEAT_LOG_FORMAT", "json");
    environment.put("CLEAT_OTEL_ENDPOINT", "http://127.0.0.1:4318");
    environment.put("CLEAT_AUDIT_FILE", "/var/log/cleat/audit.jsonl");
    environment.put("CLEAT_AUDIT_REQUIRED", "true");

    assertThat(load().config().telemetry())
        .isEqualTo(
            new Config.Telemetry(
                null,
                LogFormat.JSON,
                URI.create("http://127.0.0.1:4318"),
                new AuditTarget.File(Path.of("/var/log/cleat/audit.jsonl")),
                true));
  }

  @Test
  void anAuditLogThatIsRequiredNeedsAFile() {
    environment.put("CLEAT_AUDIT_FILE", "log");
    environment.put("CLEAT_AUDIT_REQUIRED", "true");

    assertThat(problems())
        .containsExactly("environment CLEAT_AUDIT_REQUIRED: needs a file; name it with audit.file");
  }

  @Test
  void theDataFolderFollowsTheXdgSpecification() {
    environment.put("XDG_DATA_HOME", "/xdg");
    assertThat(load().config().data()).isEqualTo(Path.of("/xdg/cleat"));

    environment.put("XDG_DATA_HOME", "relative/is/ignored");
    assertThat(load().config().data()).isEqualTo(Path.of("/home/someone/.local/share/cleat"));

    environment.keySet().removeAll(List.of("XDG_DATA_HOME", "HOME"));
    assertThat(load().config().data())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".local/share/cleat"));
  }

  @Test
  void aFlagIsOverTheEnvironmentOverTheFileOverTheDefault() {
    write("limits:\n  queue: 1\n  sessions: 1\n  clients_per_session: 1\n");
    environment.put("CLEAT_LIMITS_QUEUE", "2");
    environment.put("CLEAT_LIMITS_SESSIONS", "2");
    flags.put(ConfigKeys.LIMITS_QUEUE, "3");

    LoadedConfig loaded = load();

    assertThat(loaded.config().limits())
        .isEqualTo(new Config.Limits(4 << 20, 1 << 20, 2, 1, 3, 0, 0, 4_000));
    assertThat(loaded.place(ConfigKeys.LIMITS_QUEUE)).hasValue("flag --limits-queue");
    assertThat(loaded.place(ConfigKeys.LIMITS_SESSIONS))
        .hasValue("environment CLEAT_LIMITS_SESSIONS");
    assertThat(loaded.place(ConfigKeys.LIMITS_CLIENTS_PER_SESSION)).hasValue(file + ":4:24");
    assertThat(loaded.place(ConfigKeys.TURNS_KEEP)).hasValue("default");
  }

  @Test
  void theFileIsNamedByFlagOrEnvironment() throws IOException {
    write("turns:\n  keep: 5\n");
    flags.clear();
    environment.put("CLEAT_CONFIG", file.toString());
    assertThat(load().config().turns().keep()).isEqualTo(5);

    Path other = Files.writeString(folder.resolve("other.yaml"), "turns: {keep: 6}");
    flags.put(ConfigKeys.CONFIG, other.toString());
    assertThat(load().config().turns().keep()).isEqualTo(6);
  }

  @Test
  void everyMistakeIsReportedAtOnceWithItsPlace() {
    write(
        """
        listne: 127.0.0.1:1
        limits:
          sessions: many
          queue: -1
          input_bytes: 10MB
        journal:
          sync: sometimes
          sync_intervall: 1s
        sessions: 5
        channelz: yes
        """);
    environment.put("CLEAT_RETENTION_AGE", "5 minutes");
    environment.put("CLEAT_LISTEN", "nowhere");
    flags.put(ConfigKeys.TURNS_KEEP, "0");
    flags.put(ConfigKeys.LOG_LEVEL, "loud");

    assertThat(problems())
        .containsExactly(
            "cleat.yaml:1:1: listne: there is no such setting; did you mean listen?",
            "cleat.yaml:3:13: limits.sessions: expects a whole number, and not 'many'",
            "cleat.yaml:4:10: limits.queue: must be 0 to 100000, and not '-1'",
            "cleat.yaml:5:16: limits.input_bytes: expects a size in B, KiB, MiB, GiB or TiB, such"
                + " as 256MiB, and not '10MB'",
            "cleat.yaml:7:9: journal.sync: expects one of os, interval, always, and not"
                + " 'sometimes'",
            "cleat.yaml:8:3: journal.sync_intervall: there is no such setting; did you mean"
                + " journal.sync_interval?",
            "cleat.yaml:9:1: sessions: there is no such setting; did you mean limits.sessions?",
            "cleat.yaml:10:11: channelz: expects true or false, and not 'yes'",
            "environment CLEAT_LISTEN: expects HOST:PORT, such as 127.0.0.1:7070 or [::1]:7070, and"
                + " not 'nowhere'",
            "environment CLEAT_RETENTION_AGE: expects a duration, such as 200ms, 15s, 1h30m or 7d,"
                + " and not '5 minutes'",
            "flag --turns-keep: must be 1 to 1000000, and not '0'",
            "flag --log-level: expects one of error, warn, info, debug, trace, and not 'loud'");
  }

  @Test
  void aMistakeThatIsOverriddenIsAMistakeAllTheSame() {
    write("turns:\n  keep: x\n");
    environment.put("CLEAT_TURNS_KEEP", "y");
    flags.put(ConfigKeys.TURNS_KEEP, "1");

    assertThat(problems()).hasSize(2);
  }

  @Test
  void aSettingInTheWrongShapeIsAMistake() {
    write(
        """
        limits: 5
        listen: [a, b]
        data:
        config: other.yaml
        turns.keep: 5
        journal:
          sync: os
          sync: always
          segment_bytes: {a: b}
          ? [x]
          : y
        retention:
          # nothing yet
        """);

    assertThat(problems())
        .containsExactly(
            "cleat.yaml:1:9: limits: expects the settings under it, one `name: value` a line",
            "cleat.yaml:2:9: listen: expects a single value",
            "cleat.yaml:3:6: data: has no value; leave the line out for the default",
            "cleat.yaml:4:1: config: cannot be set in the file that it names",
            "cleat.yaml:5:1: turns.keep: belongs on a line of its own, `keep:`, under `turns:`",
            "cleat.yaml:8:3: journal.sync: is there twice, first at cleat.yaml:7:3",
            "cleat.yaml:9:18: journal.segment_bytes: expects a single value",
            "cleat.yaml:10:5: journal: expects a name before the colon");
  }

  @Test
  void aFileThatIsNoYamlSaysWhere() {
    write("listen: 127.0.0.1:1\n  data: x\n");
    assertThat(problems()).singleElement().asString().startsWith("cleat.yaml:2:7: is not YAML: ");

    write("listen: '127.0.0.1:1");
    assertThat(problems()).singleElement().asString().contains("is not YAML");

    write("- a\n- b\n");
    assertThat(problems())
        .containsExactly("cleat.yaml:1:1: expects settings, one `name: value` a line");

    write("turns: {keep: 1}\n---\nturns: {keep: 2}\n");
    assertThat(problems()).singleElement().asString().contains("is not YAML");
  }

  @Test
  void aSectionThatHoldsItselfIsAMistakeAndNoLoop() {
    write("limits: &all\n  queue: 1\n  limits: *all\n");
    assertThat(problems()).singleElement().asString().startsWith("cleat.yaml:3:3: limits.limits:");
  }

  @Test
  void aFileThatCannotBeReadIsAMistakeOfTheOneWhoNamedIt() throws IOException {
    flags.put(ConfigKeys.CONFIG, file.toString());
    flags.put(ConfigKeys.TURNS_KEEP, "0");
    assertThat(problems())
        .containsExactly(
            "flag --config: there is no file cleat.yaml",
            "flag --turns-keep: must be 1 to 1000000, and not '0'");

    flags.clear();
    environment.put("CLEAT_CONFIG", file.toString());
    Files.write(file, "data: ö".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(problems())
        .containsExactly("environment CLEAT_CONFIG: cleat.yaml is not a text in UTF-8");

    environment.put("CLEAT_CONFIG", folder.toString());
    assertThat(problems()).singleElement().asString().contains("cannot be read");
  }

  @Test
  void anEmptyFileSetsNothing() {
    LoadedConfig without = load();
    write("");
    assertThat(load().config()).isEqualTo(without.config());
    write("# nothing\n");
    assertThat(load().config()).isEqualTo(without.config());
  }

  @Test
  void relativePathsInTheFileAreRelativeToItsFolderAndOthersToTheWorkingDirectory() {
    write("data: state\ncatalogue: ../tools.yaml\n");
    assertThat(load().config().data()).isEqualTo(folder.resolve("state"));
    assertThat(load().config().catalogue()).isEqualTo(folder.resolveSibling("tools.yaml"));

    flags.put(ConfigKeys.DATA, "state");
    assertThat(load().config().data()).isEqualTo(Path.of("state").toAbsolutePath());
  }

  @Test
  void severalPathsHaveColonsBetweenThem() {
    write("artifacts:\n  roots: pictures:/srv/plots\n");
    assertThat(load().config().artifacts().roots())
        .containsExactly(folder.resolve("pictures"), Path.of("/srv/plots"));
    write("artifacts:\n  roots: \"\"\n");
    assertThat(load().config().artifacts().roots()).isEmpty();
    write("artifacts:\n  roots: /a::/b\n");
    assertThat(problems())
        .containsExactly("cleat.yaml:2:10: artifacts.roots: expects a path, and is empty");
  }

  @Test
  void listeningWhereOthersReachItIsRefusedUnlessSaidInAsManyWords() {
    flags.put(ConfigKeys.LISTEN, "0.0.0.0:7070");
    assertThat(problems())
        .containsExactly(
            "flag --listen: other machines reach 0.0.0.0:7070, and without TLS and authentication"
                + " whoever reaches it can run programs here; listen on 127.0.0.1, or say"
                + " --allow-insecure-listen if that is what you want");

    flags.put(ConfigKeys.ALLOW_INSECURE_LISTEN, "true");
    assertThat(load().config().listen()).isEqualTo(new ListenAddress("0.0.0.0", 7070));
    assertThat(load().config().channelz()).isFalse();

    flags.put(ConfigKeys.LISTEN, "[::]:0");
    flags.put(ConfigKeys.ALLOW_INSECURE_LISTEN, "false");
    assertThat(problems()).singleElement().asString().contains("other machines reach [::]:0");
  }

  @Test
  void othersMayReachItWithTlsAndASourceOfIdentityAndNotWithOnlyOneOfThem() {
    flags.put(ConfigKeys.LISTEN, "0.0.0.0:7070");
    flags.put(ConfigKeys.AUTH_TOKENS, "/tokens.yaml");
    assertThat(problems())
        .containsExactly(
            "flag --listen: other machines reach 0.0.0.0:7070, and without TLS whoever reads along"
                + " has the credentials; give tls.cert and tls.key; listen on 127.0.0.1, or say"
                + " --allow-insecure-listen if that is what you want");

    flags.put(ConfigKeys.TLS_CERT, "/cert.pem");
    flags.put(ConfigKeys.TLS_KEY, "/key.pem");
    assertThat(load().config().listen()).isEqualTo(new ListenAddress("0.0.0.0", 7070));
    assertThat(load().config().auth().anonymous()).isFalse();
    assertThat(load().config().open()).isEqualTo(new Config.Open(true, false));
    assertThat(load().config().channelz()).isFalse();

    flags.put(ConfigKeys.AUTH_ANONYMOUS, "true");
    assertThat(problems())
        .singleElement()
        .asString()
        .contains("with auth.anonymous whoever reaches it can run programs here");

    flags.keySet().removeAll(List.of(ConfigKeys.AUTH_ANONYMOUS, ConfigKeys.AUTH_TOKENS));
    assertThat(problems())
        .singleElement()
        .asString()
        .contains(
            "without authentication whoever reaches it can run programs here; give auth.tokens,"
                + " auth.jwt_keys or tls.client_ca");

    flags.put(ConfigKeys.TLS_CLIENT_CA, "/ca.pem");
    assertThat(load().config().auth().anonymous()).isFalse();
    flags.put(ConfigKeys.TLS_CLIENT_AUTH, "none");
    assertThat(problems()).singleElement().asString().contains("without authentication");
  }

  @Test
  void onLoopbackACallerMayBeAnonymousBesideOthers() {
    flags.put(ConfigKeys.AUTH_TOKENS, "/tokens.yaml");
    assertThat(load().config().auth().anonymous()).isFalse();
    assertThat(load().config().open().reflection()).isFalse();
    flags.put(ConfigKeys.AUTH_ANONYMOUS, "true");
    assertThat(load().config().auth().anonymous()).isTrue();
    assertThat(load().config().open().reflection()).isTrue();
    flags.put(ConfigKeys.AUTH_OPEN_REFLECTION, "false");
    assertThat(load().config().open().reflection()).isFalse();

    flags.clear();
    flags.put(ConfigKeys.AUTH_ANONYMOUS, "false");
    assertThat(load().config().auth().anonymous()).as("nobody but who has a ticket").isFalse();
  }

  @Test
  void whatOnlyWorksTogetherIsSaid() {
    flags.put(ConfigKeys.TLS_KEY, "/key.pem");
    flags.put(ConfigKeys.TLS_CLIENT_CA, "/ca.pem");
    flags.put(ConfigKeys.AUTH_JWT_KEYS, "https://issuer.example/keys");
    assertThat(problems())
        .containsExactly(
            "flag --tls-key: needs tls.cert",
            "flag --tls-client-ca: needs tls.cert",
            "flag --auth-jwt-keys: needs auth.jwt_issuer",
            "flag --auth-jwt-keys: needs auth.jwt_audience");

    flags.clear();
    flags.put(ConfigKeys.TLS_CERT, "/cert.pem");
    flags.put(ConfigKeys.TLS_CLIENT_AUTH, "required");
    assertThat(problems())
        .containsExactly(
            "flag --tls-cert: needs tls.key",
            "flag --tls-client-auth: required needs tls.client_ca");
  }

  @Test
  void aFileOfKeysIsRelativeToTheFileThatNamesItAndAUrlIsNot() {
    final String jwt = "  jwt_issuer: i\n  jwt_audience: a\n";
    write("auth:\n  jwt_keys: keys.json\n" + jwt);
    assertThat(load().config().auth().jwtKeys()).isEqualTo(folder.resolve("keys.json").toString());
    write("auth:\n  jwt_keys: https://issuer.example/keys\n" + jwt);
    assertThat(load().config().auth().jwtKeys()).isEqualTo("https://issuer.example/keys");
  }

  @Test
  void theRefusalNamesTheLineOfTheFile() {
    write("turns:\n  keep: 5\nlisten: 192.0.2.1:7070\n");
    assertThat(problems())
        .singleElement()
        .asString()
        .startsWith("cleat.yaml:3:9: listen: other machines reach 192.0.2.1:7070");
  }

  @Test
  void loopbackAddressesNeedNoPermission() {
    for (String address : List.of("127.0.0.1:0", "127.8.8.8:1", "[::1]:65535", "localhost:7070")) {
      flags.put(ConfigKeys.LISTEN, address);
      assertThat(load().config().listen()).hasToString(address);
    }
  }

  @Test
  void aHostThatIsNotThereIsAMistake() {
    flags.put(ConfigKeys.LISTEN, "no-such-host.invalid:7070");
    assertThat(problems())
        .containsExactly("flag --listen: there is no host 'no-such-host.invalid'");
  }

  @Test
  void anInputMustFitIntoAMessage() {
    flags.put(ConfigKeys.LIMITS_MESSAGE_BYTES, "1MiB");
    assertThat(problems())
        .containsExactly(
            "flag --limits-message-bytes: must be at least 64KiB more than limits.input_bytes");
    flags.put(ConfigKeys.LIMITS_INPUT_BYTES, "960KiB");
    assertThat(load().config().limits().inputBytes()).isEqualTo(960 << 10);
  }

  @Test
  void anUnknownVariableIsAWarningUnlessAnotherProgramHasIt() {
    environment.putAll(
        Map.of(
            "CLEAT_LIMIT_SESSIONS", "5",
            "CLEAT_SERVER", "127.0.0.1:1",
            "CLEAT_TOKEN_FILE", "/token",
            "CLEAT_JAVA_OPTS", "-Xmx1g",
            "CLEATX", "1"));

    assertThat(load().warnings())
        .containsExactly(
            "environment CLEAT_LIMIT_SESSIONS: there is no such setting; did you mean"
                + " CLEAT_LIMITS_SESSIONS?");
  }

  @Test
  void anEmptyVariableIsNotSet() {
    environment.put("CLEAT_LISTEN", "");
    assertThat(load().place(ConfigKeys.LISTEN)).hasValue("default");
  }

  @Test
  void whatIsPrintedGivesTheSameConfigurationAgain() throws IOException {
    write("data: \"with: colon # and 'quotes' \\u00e9\\n\"\njournal:\n  sync_interval: 1.5s\n");
    environment.put("CLEAT_RETENTION_BYTES", "1048577");
    flags.put(ConfigKeys.LISTEN, "[::1]:0");
    LoadedConfig loaded = load();

    write(loaded.toYaml());
    flags.remove(ConfigKeys.LISTEN);
    environment.clear();

    assertThat(load().config()).isEqualTo(loaded.config());
  }

  @Test
  void whatIsPrintedSaysWhereEachValueComesFrom() {
    write("journal:\n  sync: always\n");
    environment.put("CLEAT_TURNS_KEEP", "7");
    flags.put(ConfigKeys.RETENTION_ENDED, "48h");

    assertThat(load().toYaml().lines())
        .startsWith("listen: 127.0.0.1:7070  # default", "allow_insecure_listen: false  # default")
        .contains(
            "# catalogue: not set",
            "# config: " + file + "  # flag --config",
            "  sync: always  # " + file + ":2:9",
            "  keep: 7  # environment CLEAT_TURNS_KEEP",
            "  ended: 2d  # flag --retention-ended");
  }
}
