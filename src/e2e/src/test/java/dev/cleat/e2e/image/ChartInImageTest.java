package dev.cleat.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.e2e.Await;
import dev.cleat.helm.Chart;
import dev.cleat.helm.Manifests;
import dev.cleat.helm.RenderedPod;
import dev.cleat.testing.Authority;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The image understands what the chart renders: it is started with that, and probed and ended. */
@Order(13)
@ExtendWith(BuiltImage.class)
class ChartInImageTest {
  private static final String TOKEN = "a-token-of-the-test-and-of-nobody-else";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "anonymous, default, bash, anonymous",
    "whole, team-a, my-agent, ci",
  })
  @Timeout(1800)
  void thePodServesIsWellPassesItsTestAndEnds(
      String set, String tenant, String tool, String subject, Containers containers)
      throws Exception {
    Manifests manifests = Chart.render(Chart.valueSet(set));
    JsonNode service = service(manifests);
    RenderedPod pod = RenderedPod.of(manifests);
    // Nothing stands between the service and the pod here.
    assertThat(service.at("/spec/ports/0/targetPort").asText()).isEqualTo("grpc");
    assertThat(service.at("/spec/ports/0/port").intValue()).isEqualTo(pod.port("grpc"));
    String name = service.at("/metadata/name").asText() + "." + Chart.NAMESPACE + ".svc";
    RunningPod running = new RunningPod(containers, pod, name, folder, secrets(name));

    Await.until(
        "it has started",
        () -> {
          assertThat(containers.isRunning(running.id())).as(running::log).isTrue();
          return running.succeeds("startupProbe");
        });
    assertThat(running.succeeds("readinessProbe")).isTrue();
    assertThat(running.succeeds("livenessProbe")).isTrue();
    assertThat(running.get(pod.port("admin"), "/metrics")).contains("\ncleat_");

    RenderedPod test = RenderedPod.test(manifests);
    assertThat(test.spec().at("/containers")).isNotEmpty();
    for (JsonNode container : test.spec().at("/containers")) {
      running.run(test, container).ok();
    }
    JsonNode client = test.spec().at("/containers/0");
    assertThat(running.run(test, asking(client, "whoami")).ok()).contains(tenant, subject);
    assertThat(running.run(test, asking(client, "tools")).ok()).contains(tool);
    running.run(test, asking(client, "new", "bash", "--name", "first")).ok();

    // Before that the kubelet itself waits, and the image has no part in it.
    assertThat(pod.container().at("/lifecycle").properties())
        .allSatisfy(hook -> {
          assertThat(hook.getKey()).isEqualTo("preStop");
          assertThat(hook.getValue().has("sleep")).isTrue();
        });
    assertThat(running.end()).as(running::log).isZero();
  }

  /** The service that clients connect to. */
  private static JsonNode service(Manifests manifests) {
    return manifests.all("Service").stream()
        .filter(service -> !service.at("/spec/clusterIP").asText().equals("None"))
        .findFirst()
        .orElseThrow();
  }

  /** The container of `helm test` with another command, but its address and credentials. */
  private static JsonNode asking(JsonNode container, String... command) {
    ObjectNode asking = container.deepCopy();
    ArrayNode words = asking.putArray("command").add("cleat");
    List.of(command).forEach(words::add);
    for (int i = 2; i < container.at("/command").size(); i++) {
      words.add(container.at("/command").get(i));
    }
    return asking;
  }

  /** What the cluster's operator would have put there. */
  private Map<String, Map<String, String>> secrets(String name) throws Exception {
    Authority authority = Authority.create();
    Path ca = folder.resolve("ca.pem");
    Path certificate = folder.resolve("server.pem");
    Path key = folder.resolve("server.key");
    authority.write(ca);
    authority.server(name).write(certificate, key);
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(TOKEN.getBytes(StandardCharsets.UTF_8));
    return Map.of(
        "cleat-web",
        Map.of(
            "ca.crt",
            Files.readString(ca),
            "tls.crt",
            Files.readString(certificate),
            "tls.key",
            Files.readString(key)),
        "cleat-tokens",
        Map.of(
            "tokens.yaml",
            "tokens: [{name: ci, tenant: team-a, role: owner, sha256: %s}]"
                .formatted(HexFormat.of().formatHex(hash))),
        "cleat-test",
        Map.of("token", TOKEN));
  }
}
