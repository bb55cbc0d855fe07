package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mistakes in a configuration: all are said at once, each with its place. */
class ConfigMistakesTest {
  @TempDir Path folder;
  private ConfigSources sources;

  @BeforeEach
  void nothingIsConfigured() {
    sources = new ConfigSources(folder);
  }

  @Test
  void everyMistakeIsReportedAtOnceWithItsPlace() {
    sources.write(
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
    sources.environment().put("CLEAT_RETENTION_AGE", "5 minutes");
    sources.environment().put("CLEAT_LISTEN", "nowhere");
    sources.flags().put(ConfigKeys.TURNS_KEEP, "0");
    sources.flags().put(ConfigKeys.LOG_LEVEL, "loud");

    assertThat(sources.problems())
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
    sources.write("turns:\n  keep: x\n");
    sources.environment().put("CLEAT_TURNS_KEEP", "y");
    sources.flags().put(ConfigKeys.TURNS_KEEP, "1");

    assertThat(sources.problems()).hasSize(2);
  }

  @Test
  void aSettingInTheWrongShapeIsAMistake() {
    sources.write(
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

    assertThat(sources.problems())
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
    sources.write("listen: 127.0.0.1:1\n  data: x\n");
    assertThat(sources.problems())
        .singleElement()
        .asString()
        .startsWith("cleat.yaml:2:7: is not YAML: ");

    sources.write("listen: '127.0.0.1:1");
    assertThat(sources.problems()).singleElement().asString().contains("is not YAML");

    sources.write("- a\n- b\n");
    assertThat(sources.problems())
        .containsExactly("cleat.yaml:1:1: expects settings, one `name: value` a line");

    sources.write("turns: {keep: 1}\n---\nturns: {keep: 2}\n");
    assertThat(sources.problems()).singleElement().asString().contains("is not YAML");
  }

  @Test
  void aSectionThatHoldsItselfIsAMistakeAndNoLoop() {
    sources.write("limits: &all\n  queue: 1\n  limits: *all\n");
    assertThat(sources.problems())
        .singleElement()
        .asString()
        .startsWith("cleat.yaml:3:3: limits.limits:");
  }

  @Test
  void aFileThatCannotBeReadIsAMistakeOfTheOneWhoNamedIt() throws IOException {
    sources.flags().put(ConfigKeys.CONFIG, sources.file().toString());
    sources.flags().put(ConfigKeys.TURNS_KEEP, "0");
    assertThat(sources.problems())
        .containsExactly(
            "flag --config: there is no file cleat.yaml",
            "flag --turns-keep: must be 1 to 1000000, and not '0'");

    sources.flags().clear();
    sources.environment().put("CLEAT_CONFIG", sources.file().toString());
    Files.write(sources.file(), "data: ö".getBytes(StandardCharsets.ISO_8859_1));
    assertThat(sources.problems())
        .containsExactly("environment CLEAT_CONFIG: cleat.yaml is not a text in UTF-8");

    sources.environment().put("CLEAT_CONFIG", folder.toString());
    assertThat(sources.problems()).singleElement().asString().contains("cannot be read");
  }

  @Test
  void anAuditLogThatIsRequiredNeedsAFile() {
    sources.environment().put("CLEAT_AUDIT_FILE", "log");
    sources.environment().put("CLEAT_AUDIT_REQUIRED", "true");

    assertThat(sources.problems())
        .containsExactly("environment CLEAT_AUDIT_REQUIRED: needs a file; name it with audit.file");
  }

  @Test
  void anInputMustFitIntoAMessage() {
    sources.flags().put(ConfigKeys.LIMITS_MESSAGE_BYTES, "1MiB");
    assertThat(sources.problems())
        .containsExactly(
            "flag --limits-message-bytes: must be at least 64KiB more than limits.input_bytes");
    sources.flags().put(ConfigKeys.LIMITS_INPUT_BYTES, "960KiB");
    assertThat(sources.load().config().limits().inputBytes()).isEqualTo(960 << 10);
  }

  @Test
  void anUnknownVariableIsAWarningUnlessAnotherProgramHasIt() {
    sources
        .environment()
        .putAll(
            Map.of(
                "CLEAT_LIMIT_SESSIONS", "5",
                "CLEAT_SERVER", "127.0.0.1:1",
                "CLEAT_TOKEN_FILE", "/token",
                "CLEAT_JAVA_OPTS", "-Xmx1g",
                "CLEATX", "1"));

    assertThat(sources.load().warnings())
        .containsExactly(
            "environment CLEAT_LIMIT_SESSIONS: there is no such setting; did you mean"
                + " CLEAT_LIMITS_SESSIONS?");
  }

  @Test
  void theLauncherHasNoVariableOfItsOwnForTheJavaThatItRunsOn() {
    sources.environment().put("CLEAT_JAVA_HOME", "/jdk");
    assertThat(sources.load().warnings())
        .singleElement()
        .asString()
        .startsWith("environment CLEAT_JAVA_HOME: there is no such setting");
  }
}
