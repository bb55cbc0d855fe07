package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Alerts fire when they should, and only then, as promtool sees it. */
class AlertRulesTest {
  private static final Path RULES = Chart.FOLDER.resolve("files/rules.yaml");

  static List<Path> tests() throws IOException {
    return Chart.files(Chart.ROOT.resolve("helm/src/test/rules"));
  }

  @Test
  void promtoolTakesTheRules() throws Exception {
    Promtool.run("check", "rules", RULES.toString());
  }

  @ParameterizedTest
  @MethodSource("tests")
  void alertsFireWhenTheyShould(Path test) throws Exception {
    Promtool.run("test", "rules", test.toString());
  }

  @Test
  void eachAlertHasACaseInWhichItFiresAndOneInWhichItDoesNot() throws IOException {
    Set<String> firing = new TreeSet<>();
    Set<String> silent = new TreeSet<>();
    for (Path file : tests()) {
      for (JsonNode test : Yaml.MAPPER.readTree(file.toFile()).at("/tests")) {
        assertThat(test.at("/input_series")).isNotEmpty();
        for (JsonNode expected : test.at("/alert_rule_test")) {
          (expected.at("/exp_alerts").isEmpty() ? silent : firing)
              .add(expected.at("/alertname").asText());
        }
      }
    }
    Set<String> alerts = new TreeSet<>();
    alerts().forEach(alert -> alerts.add(alert.at("/alert").asText()));
    assertThat(alerts).hasSizeGreaterThan(20);
    assertThat(firing).isEqualTo(alerts);
    assertThat(silent).isEqualTo(alerts);
  }

  @Test
  void eachAlertSaysHowBadItIsAndWhatToDo() throws IOException {
    assertThat(alerts())
        .allSatisfy(alert -> {
          assertThat(alert.at("/labels/severity").asText()).isIn("critical", "warning", "info");
          assertThat(alert.at("/annotations/summary").asText()).endsWith(".");
          assertThat(alert.at("/annotations/description").asText()).endsWith(".");
        });
  }

  @Test
  void theChartShipsThemUnchanged() throws IOException {
    assertThat(Chart.render(Chart.valueSet("monitoring")).one("PrometheusRule").at("/spec"))
        .isEqualTo(Yaml.MAPPER.readTree(RULES.toFile()));
  }

  private static List<JsonNode> alerts() throws IOException {
    List<JsonNode> alerts = new ArrayList<>();
    Yaml.MAPPER
        .readTree(RULES.toFile())
        .at("/groups")
        .forEach(group -> group.at("/rules").forEach(alerts::add));
    return alerts;
  }
}
