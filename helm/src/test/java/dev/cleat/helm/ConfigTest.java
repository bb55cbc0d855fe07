package dev.cleat.helm;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.server.boot.ConfigKey;
import dev.cleat.server.boot.ConfigKeys;
import dev.cleat.server.boot.ConfigLoader;
import dev.cleat.server.boot.LoadedConfig;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.policy.WorkspacePolicy;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ShellInit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The server understands the files that it is started with. */
class ConfigTest {
  /** What is in the Secrets that the value sets name. */
  private static final Map<String, Map<String, String>> SECRETS =
      Map.ofEntries(
          entry("cleat-web", Map.of("tls.crt", "a certificate", "tls.key", "its key")),
          entry("demo-cleat-tls", Map.of("tls.crt", "a certificate", "tls.key", "its key")),
          entry("2027", Map.of("tls.crt", "a certificate", "tls.key", "its key")),
          entry("clients-ca", Map.of("authority.pem", "an authority")),
          entry("2028", Map.of("1", "an authority")),
          entry("cleat-tokens", Map.of("tokens.yaml", "tokens: []", "list.yaml", "tokens: []")),
          entry("2029", Map.of("1", "tokens: []")),
          entry("provider-keys", Map.of("keys.json", "{\"keys\": []}")),
          entry("2030", Map.of("1", "{\"keys\": []}")),
          entry("cleat-ticket-keys", Map.of("keys.yaml", "keys: []")),
          entry("2031", Map.of("1", "keys: []")));

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void theServerKnowsEverySettingAndTakesItsValue(Path values) throws Exception {
    LoadedConfig loaded = load(values);
    assertThat(loaded.warnings()).isEmpty();
    assertThat(loaded.config().data()).isEqualTo(pod(values).mount("data").resolve("data"));
    assertThat(loaded.config().listen().port()).isEqualTo(pod(values).port("grpc"));
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void everyFileThatASettingNamesIsThere(Path values) throws IOException {
    RenderedPod pod = pod(values);
    Map<Path, String> files = pod.files(SECRETS);
    JsonNode config = Yaml.MAPPER.readTree(files.get(Path.of("config.yaml")));
    assertThat(pod.args())
        .containsExactly("serve", "--config", pod.configFolder().resolve("config.yaml").toString());
    Map<String, String> settings = settings(config, "");
    assertThat(settings.values())
        .filteredOn(value -> value.startsWith(pod.configFolder() + "/"))
        .allSatisfy(
            value -> assertThat(files).containsKey(pod.configFolder().relativize(Path.of(value))));
    // And what is there is named: nothing is mounted for nothing.
    assertThat(files.keySet())
        .filteredOn(file -> !file.equals(Path.of("config.yaml")))
        .allSatisfy(file ->
            assertThat(settings).containsValue(pod.configFolder().resolve(file).toString()));
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void theServerTakesTenantsAndWorkspacesAsAPolicy(Path values) throws Exception {
    pod(values).writeFiles(folder, SECRETS);
    Path file = folder.resolve("policy.yaml");
    JsonNode written = Yaml.MAPPER.readTree(Files.exists(file) ? Files.readString(file) : "{}");

    Policy policy = Files.exists(file) ? Policy.open(file) : Policy.none();

    assertThat(policy.problems()).isEmpty();
    assertThat(policy.tenants()).containsExactlyInAnyOrderElementsOf(names(written, "tenants"));
    assertThat(policy.workspaces())
        .extracting(WorkspacePolicy::name)
        .containsExactlyInAnyOrderElementsOf(names(written, "workspaces"));
  }

  /** The schema refuses a key that the server would refuse: its words for that have them all. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{tools: {x: {nothing: 1}}}              | tools",
        "{tenants: {x: {nothing: 1}}}            | tenants",
        "{tenants: {x: {quotas: {nothing: 1}}}}  | tenants/additionalProperties/properties/quotas",
        "{workspaces: {x: {nothing: 1}}}         | workspaces",
        "{workspaces: {x: {limits: {nothing: 1}}}} |"
            + " workspaces/additionalProperties/properties/limits",
      })
  void theSchemaHasTheKeysThatTheServerKnows(String text, String place) throws IOException {
    Path file = Files.writeString(folder.resolve("file.yaml"), text);
    Throwable refused =
        text.startsWith("{tools")
            ? catchThrowable(() -> Catalogue.open(file, ShellInit.install(folder)))
            : catchThrowable(() -> Policy.open(file));
    Matcher known = Pattern.compile("known are ([a-z_, ]+)").matcher(refused.getMessage());
    assertThat(known.find()).as(refused.getMessage()).isTrue();

    JsonNode schema = Yaml.MAPPER.readTree(Chart.FOLDER.resolve("values.schema.json").toFile());
    JsonNode entry = schema.at("/properties/" + place);
    JsonNode fields =
        entry.at("/properties").isMissingNode() ? entry.get("additionalProperties") : entry;
    assertThat(fields.get("additionalProperties").asBoolean(true)).isFalse();
    assertThat(fields.get("properties").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(known.group(1).split(", "));
  }

  private static List<String> names(JsonNode policy, String section) {
    List<String> names = new ArrayList<>();
    policy.path(section).fieldNames().forEachRemaining(names::add);
    // Whoever is named nowhere.
    names.remove("*");
    return names;
  }

  @Test
  void theServerTakesTheToolsAsACatalogue() throws Exception {
    pod(Chart.valueSet("extra-tools")).writeFiles(folder, SECRETS);
    ShellInit shells = ShellInit.install(folder.resolve("shells"));
    Catalogue catalogue = Catalogue.open(folder.resolve("catalogue.yaml"), shells);
    assertThat(catalogue.tool("my-agent").name()).isEqualTo("my-agent");
    assertThat(catalogue.tool("python").name()).isEqualTo("python");
    assertThat(catalogue.problems()).isEmpty();
  }

  @Test
  void largeNumbersStayWhole() throws Exception {
    assertThat(load(Chart.valueSet("settings")).config().limits().sessions()).isEqualTo(1_000_000);
  }

  private static RenderedPod pod(Path values) {
    return RenderedPod.of(Chart.render(values));
  }

  private LoadedConfig load(Path values) throws Exception {
    pod(values).writeFiles(folder, SECRETS);
    ConfigKey<?> config =
        ConfigKeys.ALL.stream()
            .filter(key -> key.name().equals("config"))
            .findFirst()
            .orElseThrow();
    Path file = folder.resolve("config.yaml");
    return ConfigLoader.load(Map.of(), Map.of(config, file.toString()));
  }

  private static Map<String, String> settings(JsonNode node, String prefix) {
    Map<String, String> settings = new TreeMap<>();
    node.properties()
        .forEach(field -> {
          String name = prefix + field.getKey();
          if (field.getValue().isObject()) {
            settings.putAll(settings(field.getValue(), name + "."));
          } else {
            settings.put(name, field.getValue().asText());
          }
        });
    return settings;
  }
}
