package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** How the server's pod runs: probed, drained, confined, and replaced when it must be. */
class PodTest {
  @TempDir Path scratch;

  @ParameterizedTest
  @CsvSource({
    "anonymous, grpc",
    "tokens, grpc",
    "tokens-secret, httpGet",
    "tls-secret, httpGet",
    "mutual-tls, httpGet",
    "settings, httpGet",
    "load-balancer, httpGet",
  })
  void isProbedInAWayThatTheKubeletCanSpeak(String set, String action) {
    RenderedPod pod = pod(set);
    for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
      assertThat(pod.container().at("/" + probe).has(action)).as(probe).isTrue();
    }
    if (action.equals("grpc")) {
      assertThat(pod.container().at("/livenessProbe/grpc/port").intValue())
          .isEqualTo(pod.port("grpc"));
    } else {
      assertThat(pod.container().at("/livenessProbe/httpGet/path").asText()).isEqualTo("/livez");
      assertThat(pod.container().at("/readinessProbe/httpGet/path").asText()).isEqualTo("/readyz");
      assertThat(pod.container().at("/readinessProbe/httpGet/port").asText()).isEqualTo("admin");
    }
  }

  @ParameterizedTest
  @CsvSource({"anonymous, 90, 5", "settings, 3660, 0"})
  void isKilledOnlyAfterEveryStepOfTheDrain(String set, int seconds, int delay) {
    RenderedPod pod = pod(set);
    assertThat(pod.spec().at("/terminationGracePeriodSeconds").intValue()).isEqualTo(seconds);
    assertThat(pod.container().at("/lifecycle/preStop/sleep/seconds").asInt(0)).isEqualTo(delay);
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void isConfinedAsTheRestrictedLevelWantsIt(Path values) {
    List<JsonNode> specs = podSpecs(Chart.render(values));
    assertThat(specs).isNotEmpty();
    for (JsonNode spec : specs) {
      assertThat(spec.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(spec.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(spec.at("/securityContext/runAsUser").intValue()).isEqualTo(10001);
      assertThat(spec.at("/securityContext/seccompProfile/type").asText())
          .isEqualTo("RuntimeDefault");
      for (String open : List.of("hostNetwork", "hostPID", "hostIPC")) {
        assertThat(spec.has(open)).as(open).isFalse();
      }
      for (JsonNode container : spec.at("/containers")) {
        JsonNode context = container.at("/securityContext");
        assertThat(context.at("/allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(context.at("/readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(context.at("/capabilities").toString()).isEqualTo("{\"drop\":[\"ALL\"]}");
      }
      assertThat(spec.at("/volumes"))
          .noneSatisfy(volume -> assertThat(volume.has("hostPath")).isTrue());
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void mountsWhatThereIsAndWritesNowhereElse(Path values) {
    Manifests manifests = Chart.render(values);
    RenderedPod pod = RenderedPod.of(manifests);
    List<String> volumes = new ArrayList<>();
    pod.spec().at("/volumes").forEach(volume -> volumes.add(volume.at("/name").asText()));
    manifests
        .one("StatefulSet")
        .at("/spec/volumeClaimTemplates")
        .forEach(claim -> volumes.add(claim.at("/metadata/name").asText()));
    assertThat(pod.container().at("/volumeMounts"))
        .extracting(mount -> mount.at("/name").asText())
        .containsExactlyInAnyOrderElementsOf(volumes);
    assertThat(pod.container().at("/volumeMounts"))
        .filteredOn(mount -> mount.at("/name").asText().equals("config"))
        .allSatisfy(mount -> assertThat(mount.at("/readOnly").asBoolean()).isTrue());
  }

  @Test
  void looksLikeNoSettingToTheServer() {
    // A service named cleat would be CLEAT_PORT and more in every pod of its namespace.
    assertThat(pod("anonymous").spec().at("/enableServiceLinks").asBoolean(true)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void isWhatEverySelectorSelects(Path values) {
    Manifests manifests = Chart.render(values);
    JsonNode labels = manifests.one("StatefulSet").at("/spec/template/metadata/labels");
    List<JsonNode> selectors = new ArrayList<>();
    selectors.add(manifests.one("StatefulSet").at("/spec/selector/matchLabels"));
    manifests.all("Service").forEach(service -> selectors.add(service.at("/spec/selector")));
    manifests
        .all("PodDisruptionBudget")
        .forEach(budget -> selectors.add(budget.at("/spec/selector/matchLabels")));
    manifests
        .all("NetworkPolicy")
        .forEach(policy -> selectors.add(policy.at("/spec/podSelector/matchLabels")));
    assertThat(selectors)
        .allSatisfy(selector -> {
          assertThat(selector.properties()).isNotEmpty();
          assertThat(labels.properties()).containsAll(selector.properties());
        });
    manifests
        .all("Pod")
        .forEach(test ->
            assertThat(test.at("/metadata/labels").properties())
                .doesNotContainAnyElementsOf(
                    manifests
                        .one("StatefulSet")
                        .at("/spec/selector/matchLabels")
                        .properties()
                        .stream()
                        .filter(label -> label.getKey().endsWith("component"))
                        .toList()));
  }

  @Test
  void isReplacedForASettingAndNotForATool() throws IOException {
    JsonNode before = template("config: {limits: {queue: 5}}", "tools: {a: {command: [a]}}");
    JsonNode otherTool = template("config: {limits: {queue: 5}}", "tools: {b: {command: [b]}}");
    JsonNode otherSetting = template("config: {limits: {queue: 6}}", "tools: {a: {command: [a]}}");
    assertThat(otherTool).isEqualTo(before);
    assertThat(otherSetting).isNotEqualTo(before);
  }

  @Test
  void isKeptByAClaimOnlyWhereItHasAVolume() {
    JsonNode claim =
        Chart.render(Chart.valueSet("volume"))
            .one("StatefulSet")
            .at("/spec/volumeClaimTemplates/0");
    assertThat(claim.at("/spec/resources/requests/storage").asText()).isEqualTo("200Gi");
    assertThat(claim.at("/spec/storageClassName").asText()).isEqualTo("fast");
    JsonNode ephemeral = Chart.render(Chart.valueSet("ephemeral")).one("StatefulSet");
    assertThat(ephemeral.at("/spec").has("volumeClaimTemplates")).isFalse();
    assertThat(ephemeral.at("/spec/template/spec/volumes"))
        .anySatisfy(
            volume -> assertThat(volume.at("/emptyDir/sizeLimit").asText()).isEqualTo("2Gi"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "anonymous | health, whoami, ls",
        "tls-secret | health, whoami, ls",
        "mutual-tls | health, whoami, ls",
        "health-closed | health, whoami, ls",
        "tls-authority | health, whoami, ls",
        "ticket-keys | health",
        "tokens | health",
      })
  void isTestedWithTheCredentialThatThereIs(String set, String commands) {
    JsonNode spec = Chart.render(Chart.valueSet(set)).one("Pod").at("/spec");
    assertThat(spec.at("/containers"))
        .extracting(container -> container.at("/name").asText())
        .containsExactly(commands.split(", "));
    assertThat(spec.at("/containers"))
        .allSatisfy(container -> {
          List<String> command = new ArrayList<>();
          container.at("/command").forEach(word -> command.add(word.asText()));
          assertThat(command).startsWith("cleat", container.at("/name").asText());
          assertThat(command).containsSequence("--server", "demo-cleat.agents.svc:7070");
          // Each file that it is told of is one that it has.
          assertThat(command)
              .filteredOn(word -> word.startsWith("/etc/cleat/"))
              .allSatisfy(file ->
                  assertThat(spec.at("/volumes/0/projected/sources").toString())
                      .contains(
                          "\"path\":\"%s\"".formatted(file.substring("/etc/cleat/".length()))));
        });
  }

  /**
   * The command line sends none to another machine without it, and the server is one to the test.
   */
  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void isTestedWithATokenOnlyByTls(Path values) {
    for (JsonNode test : Chart.render(values).all("Pod")) {
      for (JsonNode container : test.at("/spec/containers")) {
        String command = container.at("/command").toString();
        if (command.contains("--token-file")) {
          assertThat(command).contains("--ca");
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"tls-secret, false", "health-closed, true"})
  void isAskedForItsHealthWithoutATokenWhereThatIsEnough(String set, boolean token) {
    JsonNode health = Chart.render(Chart.valueSet(set)).one("Pod").at("/spec/containers/0");
    assertThat(health.at("/name").asText()).isEqualTo("health");
    assertThat(health.at("/command").toString().contains("--token-file")).isEqualTo(token);
  }

  @ParameterizedTest
  @CsvSource({
    "tls-secret, cleat-web, tls.crt",
    "tls-authority, cleat-authority, authority.pem",
    "jwt-secret, demo-cleat-tls, ca.crt",
  })
  void isTrustedByTheTestForWhatIsThere(String set, String secret, String key) {
    assertThat(
            Chart.render(Chart.valueSet(set))
                .all("Pod")
                .getFirst()
                .at("/spec/volumes/0/projected/sources/0/secret"))
        .hasToString(
            "{\"name\":\"%s\",\"items\":[{\"key\":\"%s\",\"path\":\"ca.crt\"}]}"
                .formatted(secret, key));
  }

  @Test
  void isNotTestedByWhomItWouldNotAnswer() throws IOException {
    Path values = Files.createTempFile(scratch, "values", ".yaml");
    Files.writeString(values, "auth: {tokens: {secret: a}, openHealth: false}\n");
    assertThat(Chart.render(values).all("Pod")).isEmpty();
  }

  private JsonNode template(String... lines) throws IOException {
    Path values = Files.createTempFile(scratch, "values", ".yaml");
    Files.writeString(values, "auth: {anonymous: true}\n" + String.join("\n", lines) + "\n");
    return Chart.render(values).one("StatefulSet").at("/spec/template");
  }

  private static RenderedPod pod(String set) {
    return RenderedPod.of(Chart.render(Chart.valueSet(set)));
  }

  private static List<JsonNode> podSpecs(Manifests manifests) {
    return Stream.concat(
            manifests.all("StatefulSet").stream().map(set -> set.at("/spec/template/spec")),
            manifests.all("Pod").stream().map(pod -> pod.at("/spec")))
        .toList();
  }
}
