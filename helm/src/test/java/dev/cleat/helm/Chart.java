package dev.cleat.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The chart, as Helm renders it. */
public final class Chart {
  /** The folder of the whole project. */
  static final Path ROOT = Path.of(System.getProperty("cleat.root"));

  /** The chart's own folder. */
  static final Path FOLDER = ROOT.resolve("helm/cleat");

  private static final Path SETS = ROOT.resolve("helm/src/test/values");
  private static final String RELEASE = "demo";

  /** The namespace that it is installed in. */
  public static final String NAMESPACE = "agents";

  /** The oldest that the chart takes. */
  private static final String KUBERNETES = "1.30.0";

  /** Each notice is rendered as the data of an object: Helm shows it to who installs alone. */
  private static final String NOTICE =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: notice}
      data:
        text: |
          {{- include (print $.Template.BasePath "/NOTES.txt") . | nindent 4 }}
      """;

  /** What is rendered: the library leaves hooks out, so the pod of `helm test` is none here. */
  private static final Path WITHOUT_HOOKS = withoutHooks();

  /** What was rendered before, by value set. */
  private static final Map<Path, String> RENDERED = new ConcurrentHashMap<>();

  private Chart() {}

  /** Every set of values that the tests know: files over the chart's own values. */
  public static List<Path> valueSets() {
    try (Stream<Path> files = Files.list(SETS)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The value set of a name. */
  public static Path valueSet(String name) {
    return SETS.resolve(name + ".yaml");
  }

  /**
   * What `helm template` prints.
   *
   * @throws IllegalStateException with Helm's words when it refuses
   */
  static String template(Path values) {
    return template(values, RELEASE, NAMESPACE);
  }

  /** As {@link #template(Path)}, for another release and namespace. */
  static String template(Path values, String release, String namespace) {
    return template(WITHOUT_HOOKS, values, release, namespace);
  }

  private static String template(Path chart, Path values, String release, String namespace) {
    return new Helm(chart)
        .template()
        .withName(release)
        .withNamespace(namespace)
        .withKubeVersion(KUBERNETES)
        .withValuesFile(values)
        .call();
  }

  /** The objects that a value set makes. */
  public static Manifests render(Path values) {
    return Manifests.of(RENDERED.computeIfAbsent(values, Chart::template));
  }

  /** What Helm says to who installs it. */
  static String notice(Path values, Path scratch) throws IOException {
    Path copy = copy(scratch);
    Files.writeString(copy.resolve("templates/notice.yaml"), NOTICE);
    return Manifests.of(template(copy, values, RELEASE, NAMESPACE))
        .one("ConfigMap", "notice")
        .at("/data/text")
        .textValue();
  }

  /** What `helm lint --strict` says of the chart with a value set as its own values. */
  static LintResult lint(Path values, Path scratch) throws IOException {
    Path copy = copy(scratch);
    JsonNode own = Yaml.MAPPER.readTree(FOLDER.resolve("values.yaml").toFile());
    JsonNode over = Yaml.MAPPER.readTree(values.toFile());
    merge((ObjectNode) own, over);
    Yaml.MAPPER.writeValue(copy.resolve("values.yaml").toFile(), own);
    return new Helm(copy).lint().strict().call();
  }

  /** As Helm does it: a map into a map, anything else in place of what was there. */
  private static void merge(ObjectNode into, JsonNode over) {
    over.properties()
        .forEach(field -> {
          if (into.get(field.getKey()) instanceof ObjectNode below && field.getValue().isObject()) {
            merge(below, field.getValue());
          } else {
            into.set(field.getKey(), field.getValue());
          }
        });
  }

  private static Path withoutHooks() {
    try {
      Path copy = copy(Files.createTempDirectory("chart"));
      Path test = copy.resolve("templates/tests/test.yaml");
      String text = Files.readString(test);
      Files.writeString(test, text.replace("helm.sh/hook: test", "cleat.dev/hook: test"));
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path copy(Path scratch) throws IOException {
    Path copy = Files.createTempDirectory(scratch, "chart").resolve("cleat");
    for (Path file : files(FOLDER)) {
      Path target = copy.resolve(FOLDER.relativize(file));
      Files.createDirectories(target.resolveSibling(""));
      Files.copy(file, target);
    }
    return copy;
  }

  /** The files below a folder. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
