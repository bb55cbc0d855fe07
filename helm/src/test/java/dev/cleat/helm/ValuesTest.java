package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Every value is described beside it, is used, and is in the schema and in the README. What is
 * written from others is written anew with {@code -Dchart.write}.
 */
class ValuesTest {
  private static final Path README = Chart.FOLDER.resolve("README.md");
  private static final Path SCHEMA = Chart.FOLDER.resolve("values.schema.json");
  private static final boolean WRITE = Boolean.getBoolean("chart.write");
  private static final Pattern TABLE =
      Pattern.compile("(?s)(\\| value \\| default \\| what it is \\|\n).*?\n\n");
  private static final Pattern CONFIG =
      Pattern.compile("(?s)(?<=\n    \"config\": )\\{.*?(?=,\n    \"drain\")");
  private static final Pattern INNERMOST = Pattern.compile("\\{\\s+([^{}]*?)\\s+}");

  private final List<Value> values = Value.ofChart();

  @Test
  void eachIsDescribedBesideIt() {
    assertThat(values).hasSizeGreaterThan(80);
    assertThat(values)
        .allSatisfy(value ->
            assertThat(value.description())
                .as(value.path())
                .matches("(?s)[A-Z0-9a-z\"].{3,}[.\\]]"));
  }

  @Test
  void eachIsUsed() throws IOException {
    StringBuilder templates = new StringBuilder();
    for (Path template : Chart.files(Chart.FOLDER.resolve("templates"))) {
      templates.append(Files.readString(template));
    }
    assertThat(values)
        .filteredOn(Value::isLeaf)
        .allSatisfy(value ->
            assertThat(templates)
                .as(value.path())
                .containsPattern("\\.Values\\." + Pattern.quote(value.path()) + "(?![\\w.])"));
  }

  @Test
  void eachIsInTheSchemaAndTheSchemaHasNoOther() throws IOException {
    JsonNode schema = new ObjectMapper().readTree(SCHEMA.toFile());
    assertThat(Value.pathsOfSchema(schema))
        .containsExactlyInAnyOrderElementsOf(
            values.stream().map(Value::path).collect(Collectors.toSet()));
  }

  @Test
  void theSchemaOfConfigHasTheSettingsOfTheServer() throws IOException {
    if (WRITE) {
      String text = Files.readString(SCHEMA);
      String config =
          new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(Settings.schema());
      // What has nothing in it is on a line.
      config =
          INNERMOST
              .matcher(config.replace(" : ", ": "))
              .replaceAll(inner ->
                  Matcher.quoteReplacement("{" + inner.group(1).replaceAll("\\s+", " ") + "}"))
              .replace("\n", "\n    ");
      Files.writeString(
          SCHEMA, CONFIG.matcher(text).replaceFirst(Matcher.quoteReplacement(config)));
    }
    JsonNode schema = new ObjectMapper().readTree(SCHEMA.toFile());
    assertThat(schema.at("/properties/config"))
        .as("what -Dtest=ValuesTest -Dchart.write writes")
        .isEqualTo(Settings.schema());
  }

  @Test
  void theReadmeHasATableOfThem() throws IOException {
    String rows =
        values.stream()
            .map(Value::row)
            .collect(Collectors.joining("\n", "| --- | --- | --- |\n", "\n\n"));
    String readme = Files.readString(README);
    String expected = TABLE.matcher(readme).replaceFirst("$1" + Matcher.quoteReplacement(rows));
    if (WRITE) {
      Files.writeString(README, expected);
    }
    assertThat(Files.readString(README))
        .as("what -Dtest=ValuesTest -Dchart.write writes")
        .isEqualTo(expected)
        .contains(rows);
  }
}
