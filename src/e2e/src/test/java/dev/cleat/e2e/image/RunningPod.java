package dev.cleat.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.e2e.Buf;
import dev.cleat.helm.RenderedPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Does with the server's pod of a chart what the kubelet does: mounts its volumes, starts the image
 * with what is rendered and nothing else, asks its probes, and ends it. The pod has a network of
 * its own, which is a loopback interface, and in it the address of its service, which is another
 * machine's to a client. For one thread.
 */
final class RunningPod {
  private static final String SERVICE = "10.96.0.10";

  private final Containers containers;
  private final Path folder;
  private final Map<String, Map<String, String>> secrets;
  private final RenderedPod rendered;

  /** Stands for the cluster's DNS. */
  private final Path hosts;

  private final String id;
  private final String network;

  /**
   * Starts it.
   *
   * @param name what the chart's service is called in the cluster
   * @param folder where its volumes are
   * @param secrets what is in Secrets that the chart does not make, by their names and keys
   */
  RunningPod(
      Containers containers,
      RenderedPod rendered,
      String name,
      Path folder,
      Map<String, Map<String, String>> secrets)
      throws IOException {
    this.containers = containers;
    this.folder = folder;
    this.secrets = secrets;
    this.rendered = rendered;
    this.hosts =
        Files.writeString(
            folder.resolve("hosts"), "127.0.0.1 localhost\n%s %s\n".formatted(SERVICE, name));
    List<String> options = options(rendered, rendered.container(), folder);
    options.add(0, "--network=none");
    options.addAll(start(rendered.container()));
    this.id = containers.start(options.toArray(String[]::new));
    String pid = containers.podman("inspect", "--format={{.State.Pid}}", id).ok();
    this.network = "/proc/" + pid + "/ns/net";
    inside("ip", "address", "add", SERVICE + "/32", "dev", "lo").ok();
  }

  /** Runs a container of another pod to its end, as if in the same cluster. */
  Containers.Ran run(RenderedPod pod, JsonNode container) throws IOException {
    List<String> options =
        options(pod, container, Files.createTempDirectory(folder, container.at("/name").asText()));
    options.addAll(0, List.of("run", "--rm", "--network=container:" + id));
    options.addAll(start(container));
    return containers.podman(options.toArray(String[]::new));
  }

  /** What comes after the options of {@code podman run}. */
  private static List<String> start(JsonNode container) {
    List<String> words = new ArrayList<>();
    if (container.has("command")) {
      words.add("--entrypoint=" + container.at("/command"));
    }
    words.add(BuiltImage.NAME);
    container.at("/args").forEach(argument -> words.add(argument.asText()));
    return words;
  }

  /** Confinement, environment and volumes as options of {@code podman run}. */
  private List<String> options(RenderedPod pod, JsonNode container, Path volumes)
      throws IOException {
    JsonNode user = pod.spec().at("/securityContext");
    JsonNode context = container.at("/securityContext");
    String group = user.at("/fsGroup").asText();
    List<String> options =
        new ArrayList<>(
            List.of(
                "--user=" + user.at("/runAsUser").asText() + ":" + user.at("/runAsGroup").asText(),
                "--group-add=" + group,
                "--read-only=" + context.at("/readOnlyRootFilesystem").asText(),
                "--read-only-tmpfs=false",
                "--volume=" + hosts + ":/etc/hosts:ro",
                "--memory=" + container.at("/resources/limits/memory").asText().replace("i", "")));
    context
        .at("/capabilities/drop")
        .forEach(capability -> options.add("--cap-drop=" + capability.asText()));
    if (!context.at("/allowPrivilegeEscalation").asBoolean(true)) {
      options.add("--security-opt=no-new-privileges");
    }
    container
        .at("/env")
        .forEach(variable ->
            options.add(
                "--env=" + variable.at("/name").asText() + "=" + variable.at("/value").asText()));
    for (JsonNode mount : container.at("/volumeMounts")) {
      String name = mount.at("/name").asText();
      Path volume = Files.createDirectories(volumes.resolve(name));
      if (name.equals("config")) {
        pod.writeFiles(volume, secrets);
      }
      own(volume, Integer.parseInt(group));
      options.add(
          "--volume=%s:%s:%s"
              .formatted(
                  volume,
                  mount.at("/mountPath").asText(),
                  mount.at("/readOnly").asBoolean() ? "ro" : "rw"));
    }
    return options;
  }

  /** As the kubelet does it for an fsGroup: root's and the group's, folders writable for that. */
  private static void own(Path volume, int group) throws IOException {
    try (Stream<Path> all = Files.walk(volume)) {
      for (Path path : all.toList()) {
        Files.setAttribute(path, "unix:gid", group);
        Files.setPosixFilePermissions(
            path,
            PosixFilePermissions.fromString(Files.isDirectory(path) ? "rwxrwxr-x" : "r--r-----"));
      }
    }
  }

  /** Whether a probe of its specification succeeds. */
  boolean succeeds(String probe) throws IOException {
    JsonNode action = rendered.container().at("/" + probe);
    if (action.has("grpc")) {
      return health(action.get("grpc"));
    }
    assertThat(action.has("httpGet")).as(probe).isTrue();
    JsonNode get = action.get("httpGet");
    String status =
        get(rendered.port(get.at("/port").asText()), get.at("/path").asText())
            .lines()
            .findFirst()
            .orElse("");
    return status.matches("HTTP/1\\.[01] [23]\\d\\d .*");
  }

  /** Asks the health service without TLS and without a token. */
  private boolean health(JsonNode grpc) throws IOException {
    Path schema = Files.createDirectories(folder.resolve("schema/grpc/health/v1"));
    try (var proto =
        RunningPod.class.getClassLoader().getResourceAsStream("grpc/health/v1/health.proto")) {
      Files.write(schema.resolve("health.proto"), Objects.requireNonNull(proto).readAllBytes());
    }
    Containers.Ran asked =
        inside(
            Buf.program(),
            "curl",
            "--http2-prior-knowledge",
            "--protocol=grpc",
            "--schema=" + folder.resolve("schema"),
            "--data={\"service\": \"%s\"}".formatted(grpc.at("/service").asText()),
            "http://127.0.0.1:%d/grpc.health.v1.Health/Check".formatted(grpc.at("/port").asInt()));
    return asked.exitCode() == 0 && asked.out().contains("\"SERVING\"");
  }

  /** What a GET answers, with its headers; empty where nothing listens. */
  String get(int port, String path) throws IOException {
    return inside(
            "bash",
            "-c",
            "exec 3<>/dev/tcp/127.0.0.1/$1; printf 'GET %s HTTP/1.0\\r\\n\\r\\n' \"$2\" >&3; cat"
                + " <&3",
            "get",
            String.valueOf(port),
            path)
        .out();
  }

  /** Runs a command of this machine in the pod's network. */
  private Containers.Ran inside(String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("nsenter", "--net=" + network));
    all.addAll(List.of(command));
    return containers.run(all);
  }

  /**
   * Ends it as the kubelet does: SIGTERM, and SIGKILL when the time is over; returns the exit code.
   */
  int end() throws IOException {
    String grace = rendered.spec().at("/terminationGracePeriodSeconds").asText();
    containers.podman("stop", "--time=" + grace, id).ok();
    return Integer.parseInt(containers.podman("inspect", "--format={{.State.ExitCode}}", id).ok());
  }

  /** Its container. */
  String id() {
    return id;
  }

  /** What it has said. */
  String log() {
    try {
      Containers.Ran logs = containers.podman("logs", id);
      return logs.out() + logs.err();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
