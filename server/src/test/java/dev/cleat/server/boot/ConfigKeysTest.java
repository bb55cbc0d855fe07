package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.v1.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigKeysTest {
  @Test
  void namesOfFileEnvironmentAndFlagsFollowFromOneAnother() {
    assertThat(ConfigKeys.LIMITS_INPUT_BYTES.name()).isEqualTo("limits.input_bytes");
    assertThat(ConfigKeys.LIMITS_INPUT_BYTES.environmentName())
        .isEqualTo("CLEAT_LIMITS_INPUT_BYTES");
    assertThat(ConfigKeys.LIMITS_INPUT_BYTES.flag()).isEqualTo("--limits-input-bytes");
  }

  @Test
  void everyNameIsThereOnceInEachForm() {
    assertThat(ConfigKeys.ALL).extracting(ConfigKey::name).doesNotHaveDuplicates();
    assertThat(ConfigKeys.ALL).extracting(ConfigKey::environmentName).doesNotHaveDuplicates();
    assertThat(ConfigKeys.ALL).extracting(ConfigKey::flag).doesNotHaveDuplicates();
    assertThat(ConfigKeys.ALL)
        .allSatisfy(key -> assertThat(key.name()).matches("[a-z_]+(\\.[a-z_]+)?"));
  }

  @Test
  void everySettingIsDescribedAndItsDefaultIsOneOfItsValues() {
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      assertThat(key.description()).as(key.name()).endsWith(".");
      assertThat(key.placeholder()).as(key.name()).isNotBlank();
      assertThat(key.shownDefault()).as(key.name()).isNotBlank();
      key.fallback(Map.of("HOME", "/home/someone"))
          .ifPresent(text -> assertThat(key.normalised(text)).as(key.name()).isEqualTo(text));
    }
  }

  @Test
  void aSectionIsNeitherASettingNorThereTwice() {
    List<String> sections =
        ConfigKeys.ALL.stream()
            .map(ConfigKey::name)
            .filter(name -> name.contains("."))
            .map(name -> name.substring(0, name.indexOf('.')))
            .toList();
    assertThat(ConfigKeys.ALL).extracting(ConfigKey::name).doesNotContainAnyElementsOf(sections);
    // What is printed names each section once.
    List<String> runs =
        ConfigKeys.ALL.stream().map(key -> key.name().replaceAll("\\..*", "")).toList();
    long changes = 1;
    for (int i = 1; i < runs.size(); i++) {
      changes += runs.get(i).equals(runs.get(i - 1)) ? 0 : 1;
    }
    assertThat(changes).isEqualTo(runs.stream().distinct().count());
  }

  @ParameterizedTest
  @CsvSource({
    "0, PT0S, 0",
    "0s, PT0S, 0",
    "1s, PT1S, 1s",
    "90s, PT1M30S, 90s",
    "1h30m, PT1H30M, 90m",
    "1.5h, PT1H30M, 90m",
    "24h, PT24H, 1d",
    "7d, PT168H, 7d",
    "1d1ms999ms, PT24H1S, 86401s",
    "1.0005s, PT1.0005S, 1000.5ms"
  })
  void durations(String text, String value, String shown) {
    ConfigKey<Duration> key = ConfigKeys.RETENTION_AGE;
    assertThat(key.parse(text)).isEqualTo(Duration.parse(value));
    assertThat(Duration.parse(value)).isEqualTo(key.parse(key.normalised(text)));
    assertThat(key.normalised(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "5",
        "-5s",
        "s",
        "5 s",
        "5s ",
        "5x",
        "1h-1m",
        "1..5s",
        "5S",
        "99999999999s",
        "٣s"
      })
  void whatIsNoDuration(String text) {
    assertThatThrownBy(() -> ConfigKeys.RETENTION_AGE.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("expects a duration");
  }

  @ParameterizedTest
  @ValueSource(strings = {"999ms", "3651d"})
  void durationsOutsideTheirBounds(String text) {
    assertThatThrownBy(() -> ConfigKeys.RETENTION_AGE.parse(text))
        .hasMessage("must be 1s to 3650d, or 0 for none, and not '%s'", text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999d", "0.0000001ms"})
  void durationsThatCannotBeCounted(String text) {
    assertThatThrownBy(() -> ConfigKeys.RETENTION_AGE.parse(text))
        .hasMessage("is too large or too fine: '%s'", text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "1048576, 1048576, 1MiB",
    "1048577, 1048577, 1048577B",
    "1024KiB, 1048576, 1MiB",
    "1536MiB, 1610612736, 1536MiB",
    "1GiB, 1073741824, 1GiB",
    "1024TiB, 1125899906842624, 1024TiB"
  })
  void sizes(String text, long bytes, String shown) {
    assertThat(ConfigKeys.RETENTION_BYTES.parse(text)).isEqualTo(bytes);
    assertThat(ConfigKeys.RETENTION_BYTES.normalised(text)).isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "1MB", "1mib", "1 MiB", "MiB", "1.5MiB", "1M"})
  void whatIsNoSize(String text) {
    assertThatThrownBy(() -> ConfigKeys.RETENTION_BYTES.parse(text))
        .hasMessageStartingWith("expects a size");
  }

  @Test
  void sizesOutsideTheirBounds() {
    assertThatThrownBy(() -> ConfigKeys.RETENTION_BYTES.parse("1B"))
        .hasMessage("must be 1MiB to 1024TiB, or 0 for none, and not '1B'");
    assertThatThrownBy(() -> ConfigKeys.JOURNAL_MEMORY_BYTES.parse("0"))
        .hasMessage("must be 64KiB to 64MiB, and not '0'");
    assertThatThrownBy(() -> ConfigKeys.RETENTION_BYTES.parse("999999999999999999TiB"))
        .hasMessage("is too large or too fine: '999999999999999999TiB'");
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1:0, 127.0.0.1, 0", "[::1]:7070, ::1, 7070", "a-b.c:65535, a-b.c, 65535"})
  void addresses(String text, String host, int port) {
    ListenAddress address = ConfigKeys.LISTEN.parse(text);
    assertThat(address).isEqualTo(new ListenAddress(host, port)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "7070",
        ":7070",
        "host",
        "host:",
        "::1:7070",
        "[::1]",
        "host:x",
        "a b:1",
        "h:-1"
      })
  void whatIsNoAddress(String text) {
    assertThatThrownBy(() -> ConfigKeys.LISTEN.parse(text))
        .hasMessageStartingWith("expects HOST:PORT");
  }

  @Test
  void aPortHasSixteenBits() {
    assertThatThrownBy(() -> ConfigKeys.LISTEN.parse("127.0.0.1:65536"))
        .hasMessage("expects a port of 0 to 65535, and not 65536");
  }

  @Test
  void pathsAreMadeAbsoluteAndATildeIsNotTakenForAFolder() {
    assertThat(ConfigKeys.DATA.parse("/a/../b")).isEqualTo(Path.of("/b"));
    assertThat(ConfigKeys.DATA.parse("x")).isEqualTo(Path.of("x").toAbsolutePath());
    assertThatThrownBy(() -> ConfigKeys.DATA.parse("~/x")).hasMessageContaining("home folder");
    assertThatThrownBy(() -> ConfigKeys.DATA.parse("")).hasMessageContaining("is empty");
  }

  @ParameterizedTest
  @CsvSource({
    "https://issuer.example/keys, https://issuer.example/keys",
    "http://127.0.0.1:8080/keys, http://127.0.0.1:8080/keys",
    "http://localhost/keys, http://localhost/keys",
    "http://[::1]:1/keys, http://[::1]:1/keys",
    "/etc/../keys.json, /keys.json"
  })
  void pathsAndUrls(String text, String value) {
    assertThat(ConfigKeys.AUTH_JWT_KEYS.parse(text)).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://issuer.example/keys",
        "http://127.0.0.1.issuer.example/keys",
        "http://127.0.0.1@issuer.example/keys",
        "ftp://127.0.0.1/keys",
        "https:///keys"
      })
  void keysThatOthersCouldExchangeOnTheWay(String text) {
    assertThatThrownBy(() -> ConfigKeys.AUTH_JWT_KEYS.parse(text))
        .hasMessageStartingWith("expects a path or an https URL");
  }

  @Test
  void rolesAreWords() {
    assertThat(ConfigKeys.TLS_CLIENT_ROLE.parse("none")).isEmpty();
    assertThat(ConfigKeys.TLS_CLIENT_ROLE.parse("writer")).hasValue(Role.ROLE_WRITER);
    assertThatThrownBy(() -> ConfigKeys.TLS_CLIENT_ROLE.parse("root"))
        .hasMessage("expects one of none, viewer, writer, approver, owner, admin, and not 'root'");
  }

  @Test
  void onlySwitchesMayComeWithoutAValue() {
    assertThat(ConfigKeys.ALL.stream().filter(ConfigKey::isSwitch))
        .containsExactlyInAnyOrder(
            ConfigKeys.ALLOW_INSECURE_LISTEN,
            ConfigKeys.ISOLATION_ALLOW_SAME_USER,
            ConfigKeys.AUTH_ANONYMOUS,
            ConfigKeys.AUTH_OPEN_HEALTH,
            ConfigKeys.AUTH_OPEN_REFLECTION,
            ConfigKeys.CHANNELZ,
            ConfigKeys.AUDIT_REQUIRED);
  }
}
