package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the dashboard shows. */
class DashboardTest {
  private static final Path FILE = Chart.FOLDER.resolve("files/dashboard.json");
  private static final Pattern METRIC = Pattern.compile("\\b(?:cleat|jvm|process)_[a-z_]+");

  private static final Pattern LITERAL = Pattern.compile("\"(cleat_[a-z_]+)\"");

  @TempDir Path scratch;

  @Test
  void everyPanelAsksTheChosenSourceForTheChosenPods() throws IOException {
    List<JsonNode> panels = panels();
    assertThat(panels).hasSizeGreaterThan(20);
    assertThat(panels).extracting(panel -> panel.at("/id").intValue()).doesNotHaveDuplicates();
    assertThat(panels)
        .filteredOn(panel -> !panel.at("/type").asText().equals("row"))
        .allSatisfy(panel -> {
          assertThat(panel.at("/datasource/uid").asText()).isEqualTo("${datasource}");
          assertThat(panel.at("/title").asText()).isNotBlank();
          assertThat(panel.at("/targets")).isNotEmpty();
          assertThat(panel.at("/targets"))
              .allSatisfy(target ->
                  assertThat(target.at("/expr").asText())
                      .contains("namespace=~\"$namespace\", instance=~\"$instance\""));
        });
  }

  @Test
  void noPanelLiesOverAnother() throws IOException {
    Set<String> taken = new TreeSet<>();
    for (JsonNode panel : panels()) {
      JsonNode at = panel.at("/gridPos");
      for (int x = at.at("/x").intValue();
          x < at.at("/x").intValue() + at.at("/w").intValue();
          x++) {
        for (int y = at.at("/y").intValue();
            y < at.at("/y").intValue() + at.at("/h").intValue();
            y++) {
          assertThat(x).isLessThan(24);
          assertThat(taken.add(x + " " + y)).as(panel.at("/title").asText()).isTrue();
        }
      }
    }
  }

  /** As rules: promtool reads expressions nowhere else. */
  @Test
  void everyExpressionIsOne() throws Exception {
    StringBuilder rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
    for (String expression : expressions()) {
      String plain =
          expression
              .replace("$__rate_interval", "5m")
              .replace("$__range", "3h")
              .replaceAll("\\$(namespace|instance)", ".*");
      rules.append("      - record: x\n        expr: '%s'\n".formatted(plain));
      rules.append("        labels: {n: '%d'}\n".formatted(rules.length()));
    }
    Path file = Files.writeString(scratch.resolve("rules.yaml"), rules);
    Promtool.run("check", "rules", file.toString());
  }

  @Test
  void whatAlertsLookAtCanBeSeen() throws IOException {
    Set<String> shown = metrics(String.join("\n", expressions()));
    Set<String> watched = metrics(Files.readString(Chart.FOLDER.resolve("files/rules.yaml")));
    // Whether the process was started again is seen in every curve, and the limit of files in none.
    watched.removeAll(Set.of("process_start_time_seconds", "process_files_max_files"));
    assertThat(shown).containsAll(watched);
  }

  /** By the names in the server's source, without what Prometheus' format appends. */
  @Test
  void theServerHasWhatIsLookedAt() throws IOException {
    Set<String> known = new TreeSet<>();
    for (Path source : Chart.files(Chart.ROOT.resolve("server/src/main/java"))) {
      LITERAL.matcher(Files.readString(source)).results().forEach(name -> known.add(name.group(1)));
    }
    Set<String> used =
        metrics(
                String.join("\n", expressions())
                    + Files.readString(Chart.FOLDER.resolve("files/rules.yaml")))
            .stream()
            .filter(name -> name.startsWith("cleat_"))
            .map(name -> name.replaceFirst("_(total|bucket)$", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(used).hasSizeGreaterThan(15);
    assertThat(known).containsAll(used);
  }

  @Test
  void theChartShipsItUnchanged() throws IOException {
    JsonNode object =
        Chart.render(Chart.valueSet("monitoring")).one("ConfigMap", "demo-cleat-dashboard");
    assertThat(object.at("/metadata/labels/grafana_dashboard").asText()).isEqualTo("1");
    assertThat(new ObjectMapper().readTree(object.at("/data/cleat.json").asText()))
        .isEqualTo(new ObjectMapper().readTree(FILE.toFile()));
  }

  private static Set<String> metrics(String text) {
    return METRIC
        .matcher(text)
        .results()
        .map(found -> found.group())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<JsonNode> panels() throws IOException {
    List<JsonNode> panels = new ArrayList<>();
    new ObjectMapper().readTree(FILE.toFile()).at("/panels").forEach(panels::add);
    return panels;
  }

  private static List<String> expressions() throws IOException {
    List<String> expressions = new ArrayList<>();
    for (JsonNode panel : panels()) {
      panel.at("/targets").forEach(target -> expressions.add(target.at("/expr").asText()));
    }
    return expressions;
  }
}
