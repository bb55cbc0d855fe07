package dev.cleat.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/**
 * A pod of a rendered chart: what its containers are started with. For tests that start it without
 * a cluster.
 */
public final class RenderedPod {
  private final Manifests manifests;
  private final JsonNode spec;

  private RenderedPod(Manifests manifests, JsonNode spec) {
    this.manifests = manifests;
    this.spec = spec;
  }

  /** The server's pod of these objects. */
  public static RenderedPod of(Manifests manifests) {
    return new RenderedPod(manifests, manifests.one("StatefulSet").at("/spec/template/spec"));
  }

  /** The pod of {@code helm test} of these objects. */
  public static RenderedPod test(Manifests manifests) {
    return new RenderedPod(manifests, manifests.one("Pod").at("/spec"));
  }

  /** The pod's specification. */
  public JsonNode spec() {
    return spec;
  }

  /** The specification of its only container. */
  public JsonNode container() {
    if (spec.at("/containers").size() != 1) {
      throw new AssertionError("not one container: " + spec.at("/containers"));
    }
    return spec.at("/containers/0");
  }

  /** The arguments that the image gets. */
  public List<String> args() {
    return texts(container().at("/args"));
  }

  /** The port of a name. */
  public int port(String name) {
    return StreamSupport.stream(container().at("/ports").spliterator(), false)
        .filter(port -> port.at("/name").asText().equals(name))
        .findFirst()
        .orElseThrow()
        .at("/containerPort")
        .intValue();
  }

  /** Where the container sees the files of {@link #files}. */
  public Path configFolder() {
    return mount("config");
  }

  /** Where the container sees a volume. */
  public Path mount(String volume) {
    return StreamSupport.stream(container().at("/volumeMounts").spliterator(), false)
        .filter(mount -> mount.at("/name").asText().equals(volume))
        .findFirst()
        .map(mount -> Path.of(mount.at("/mountPath").asText()))
        .orElseThrow();
  }

  /**
   * The contents of the configuration's folder by their paths in it.
   *
   * @param secrets what is in Secrets that the chart does not make, by their names and keys
   */
  public Map<Path, String> files(Map<String, Map<String, String>> secrets) {
    Map<Path, String> files = new TreeMap<>();
    for (JsonNode volume : spec.at("/volumes")) {
      if (volume.at("/name").asText().equals("config")) {
        volume.at("/projected/sources").forEach(source -> files.putAll(source(source, secrets)));
      }
    }
    return files;
  }

  /** Writes {@link #files} into a folder, which may be mounted at {@link #configFolder}. */
  public void writeFiles(Path folder, Map<String, Map<String, String>> secrets) throws IOException {
    for (Map.Entry<Path, String> file : files(secrets).entrySet()) {
      Path target = folder.resolve(file.getKey());
      Files.createDirectories(target.resolveSibling(""));
      Files.writeString(target, file.getValue());
    }
  }

  private Map<Path, String> source(JsonNode source, Map<String, Map<String, String>> secrets) {
    JsonNode reference = source.has("secret") ? source.get("secret") : source.get("configMap");
    String name = reference.at("/name").asText();
    Map<String, String> data =
        secrets.containsKey(name) && source.has("secret")
            ? secrets.get(name)
            : source.has("secret")
                ? strings(manifests.one("Secret", name).at("/stringData"))
                : strings(manifests.one("ConfigMap", name).at("/data"));
    Map<Path, String> files = new TreeMap<>();
    if (reference.has("items")) {
      for (JsonNode item : reference.get("items")) {
        String key = item.at("/key").asText();
        if (!data.containsKey(key)) {
          throw new AssertionError("%s has no key %s".formatted(name, key));
        }
        files.put(Path.of(item.at("/path").asText()), data.get(key));
      }
    } else {
      data.forEach((key, text) -> files.put(Path.of(key), text));
    }
    return files;
  }

  private static Map<String, String> strings(JsonNode map) {
    Map<String, String> strings = new TreeMap<>();
    map.properties().forEach(field -> strings.put(field.getKey(), field.getValue().asText()));
    return strings;
  }

  private static List<String> texts(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
  }
}
