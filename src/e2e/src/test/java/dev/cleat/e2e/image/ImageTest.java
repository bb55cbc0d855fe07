package dev.cleat.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.Buf;
import dev.cleat.e2e.ServerProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The image, built from Debian's packages and the jars of this build, and run as a cluster would:
 * any user's number, a root that nobody can write to, no capabilities, a memory limit.
 */
@ExtendWith(BuiltImage.class)
@Timeout(1800)
@Order(1)
class ImageTest {
  private static final String IMAGE = BuiltImage.NAME;
  private static final long MOST_BYTES = 250_000_000;
  private static final Pattern SERVES = Pattern.compile("cleat serves on (127\\.0\\.0\\.1:\\d+)");

  /** The command line with the server's cache, as the image's own script has it. */
  private static final String COMMAND_WITH_CACHE =
      """
      cd /opt/cleat && . bin/jvm &&
      exec jre/bin/java -XX:AOTCache=server.aot -XX:AOTMode=on $common_options $client_options \
        -jar /opt/cleat/lib/cleat.jar --version
      """;

  private final Containers containers;

  ImageTest(Containers containers) {
    this.containers = containers;
  }

  /** Starts a server on a volume; further options are podman's. */
  private String serve(String volume, String... options) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--network=host",
                "--read-only",
                "--tmpfs=/tmp",
                "--cap-drop=all",
                "--security-opt=no-new-privileges",
                "--memory=512m",
                "--volume=" + volume + ":/var/lib/cleat"));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of(IMAGE, "serve", "--listen", "127.0.0.1:0"));
    return containers.start(arguments.toArray(String[]::new));
  }

  /** Waits until a container's server has said so for the nth time; returns where it serves. */
  private String address(String container, int times) {
    List<String> addresses = new ArrayList<>();
    Await.until(
        "it serves",
        () -> {
          addresses.clear();
          Matcher said = SERVES.matcher(containers.podman("logs", container).out());
          while (said.find()) {
            addresses.add(said.group(1));
          }
          return addresses.size() >= times;
        });
    return addresses.getLast();
  }

  @Test
  void itIsSmallAndSaysWhatIsInIt() throws Exception {
    long bytes =
        Long.parseLong(containers.podman("image", "inspect", "--format={{.Size}}", IMAGE).ok());
    System.out.printf("image: %d MB%n", bytes / 1_000_000);
    assertThat(bytes).isLessThan(MOST_BYTES);

    JsonObject list =
        JsonParser.parseString(inside("cat", "/opt/cleat/sbom.cdx.json")).getAsJsonObject();
    assertThat(list.get("bomFormat").getAsString()).isEqualTo("CycloneDX");
    List<Part> parts =
        StreamSupport.stream(list.getAsJsonArray("components").spliterator(), false)
            .map(JsonElement::getAsJsonObject)
            .map(Part::of)
            .toList();
    assertThat(parts).extracting(Part::ref).doesNotHaveDuplicates();
    assertThat(parts)
        .filteredOn(part -> part.purl().startsWith("pkg:maven/"))
        .extracting(part -> part.name() + "-" + part.version() + ".jar")
        .containsExactlyInAnyOrderElementsOf(
            inside("ls", "/opt/cleat/lib")
                .lines()
                .filter(jar -> !jar.equals("cleat.jar"))
                .toList());
    assertHasDebian(parts);
    assertHasRuntime(parts);
    assertThat(parts)
        .allMatch(part ->
            part.purl().matches("pkg:(maven|deb|generic)/.*")
                || part.type().equals("operating-system"));
  }

  /** A part of the image, as the list of parts has it; an empty string for what it does not say. */
  private record Part(String type, String ref, String name, String version, String purl) {
    static Part of(JsonObject part) {
      return new Part(
          text(part, "type"),
          text(part, "bom-ref"),
          text(part, "name"),
          text(part, "version"),
          text(part, "purl"));
    }

    private static String text(JsonObject part, String field) {
      return part.has(field) ? part.get(field).getAsString() : "";
    }
  }

  /** What a program of the image prints. */
  private String inside(String program, String... arguments) throws IOException {
    List<String> run = new ArrayList<>(List.of("run", "--rm", "--entrypoint=" + program, IMAGE));
    run.addAll(List.of(arguments));
    return containers.podman(run.toArray(String[]::new)).ok();
  }

  /** Each package that dpkg has there, and no other, in the order of their names. */
  private void assertHasDebian(List<Part> parts) throws IOException {
    List<Part> packages =
        parts.stream().filter(part -> part.purl().startsWith("pkg:deb/debian/")).toList();
    List<String> installed =
        inside("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${Architecture}\\n")
            .lines()
            .toList();
    assertThat(packages).isNotEmpty().isSortedAccordingTo(Comparator.comparing(Part::name));
    assertThat(packages)
        .extracting(part ->
            part.name() + " " + part.version() + " " + part.purl().replaceAll(".*\\?arch=|&.*", ""))
        .containsExactlyInAnyOrderElementsOf(installed);
    assertThat(packages)
        .allSatisfy(part ->
            assertThat(part.purl())
                .startsWith(
                    "pkg:deb/debian/"
                        + part.name().replace("+", "%2B")
                        + "@"
                        + part.version().replace("+", "%2B")
                        + "?arch=")
                .endsWith("&distro=debian-12"));
    assertThat(packages)
        .extracting(Part::name)
        .contains("bash", "git", "tini", "tmux", "bubblewrap");
    assertThat(parts).contains(new Part("operating-system", "debian@12", "debian", "12", ""));
  }

  private void assertHasRuntime(List<Part> parts) throws IOException {
    String version =
        inside("/opt/cleat/jre/bin/java", "--version")
            .lines()
            .map(String::strip)
            .filter(line -> line.startsWith("OpenJDK Runtime Environment"))
            .map(line -> line.replaceAll(".*\\(build (.*)\\)", "$1"))
            .findFirst()
            .orElseThrow();
    assertThat(parts)
        .filteredOn(part -> part.type().equals("platform"))
        .singleElement()
        .satisfies(runtime -> {
          assertThat(runtime.name()).isEqualTo("openjdk");
          assertThat(runtime.version()).isEqualTo(version).startsWith("25.");
          assertThat(runtime.purl())
              .isEqualTo("pkg:generic/openjdk@" + version.replace("+", "%2B"));
        });
  }

  @Test
  void aContainerThatIsKilledComesBackWithItsSessions() throws Exception {
    long begin = System.nanoTime();
    String container = serve("killed");
    String address = address(container, 1);
    System.out.printf(
        "image: served after %d ms%n", Duration.ofNanos(System.nanoTime() - begin).toMillis());
    String id;
    try (CleatClient client = ServerProcess.client(address)) {
      Session session = client.create("bash");
      id = session.id();
      assertThat(session.prompt("id -u; git --version; tmux -V; cat /proc/1/comm").output())
          .matches("10001\ngit version 2\\..*\ntmux 3\\..*\ntini\n");
      assertThat(
              session
                  .prompt(
                      "tmux -L test new-session -d -s one 'sleep 60' && tmux -L test ls"
                          + " && tmux -L test kill-server")
                  .output())
          .startsWith("one: 1 windows");
      assertThat(session.prompt("grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status").output())
          .isEqualTo("CapEff:\t%1$s\nCapBnd:\t%1$s\nNoNewPrivs:\t1\n".formatted("0".repeat(16)));
      assertThat(session.prompt("touch /x /opt/cleat/x /etc/cleat/x").exitCode()).hasValue(1);
      assertThat(session.prompt("seq 1 100000").exitCode()).hasValue(0);
    }

    containers.podman("kill", "--signal=KILL", container).ok();
    containers.podman("start", container).ok();

    try (CleatClient client = ServerProcess.client(address(container, 2))) {
      Session session = client.session(id);
      assertThat(session.info().state()).isEqualTo(SessionInfo.State.LOST);
      assertThat(session.info().head().epoch()).isEqualTo(1);
      String printed =
          new String(
              session.output(AttachOptions.fromBeginning().readOnly()).readAllBytes(),
              java.nio.charset.StandardCharsets.UTF_8);
      assertThat(printed)
          .contains(
              IntStream.rangeClosed(1, 100_000)
                  .mapToObj(line -> line + "\r\n")
                  .collect(Collectors.joining()));
      session.restart();
      assertThat(session.prompt("echo again").output()).isEqualTo("again\n");
    }
    containers.podman("stop", "--time=30", container).ok();
    assertThat(containers.podman("inspect", "--format={{.State.ExitCode}}", container).ok())
        .isEqualTo("0");
  }

  @Test
  void aFirstSessionNeedsNothingButReflection() throws Exception {
    Buf buf = Buf.on(address(serve("first"), 1));

    JsonObject session =
        buf.call("Create", "{'tool': 'bash', 'name': 'first'}").getAsJsonObject("session");
    String id = session.get("id").getAsString();
    JsonObject turn =
        buf.call("SendPrompt", "{'name': 'first', 'prompt': 'echo $((40 + 2))'}")
            .getAsJsonObject("turn");
    String ended =
        buf.call(
                "WaitTurn",
                "{'session_id': '%s', 'turn_id': '%s'}".formatted(id, turn.get("id").getAsString()))
            .getAsJsonObject("turn")
            .get("state")
            .getAsString();
    assertThat(ended).isEqualTo("TURN_STATE_SUCCEEDED");

    String printed =
        buf
            .call(
                "ReadEvents",
                "{'session_id': '%s', 'encoding': 'OUTPUT_ENCODING_PLAIN'}".formatted(id))
            .getAsJsonArray("events")
            .asList()
            .stream()
            .map(JsonElement::getAsJsonObject)
            .filter(event -> event.has("output"))
            .map(event -> event.getAsJsonObject("output"))
            .filter(output -> output.has("text"))
            .map(output -> output.get("text").getAsString())
            .collect(Collectors.joining());
    assertThat(printed).contains("\n42\n");
  }

  @Test
  void theStartUpCacheFitsTheRuntime() throws Exception {
    // With this the JVM refuses to start where it cannot use the cache.
    String container = serve("cache", "--env=CLEAT_JAVA_OPTS=-XX:+UseG1GC -XX:AOTMode=on");

    assertThat(address(container, 1)).isNotEmpty();
    assertThat(containers.podman("exec", container, "sh", "-c", COMMAND_WITH_CACHE).ok())
        .startsWith("cleat ");
  }
}
