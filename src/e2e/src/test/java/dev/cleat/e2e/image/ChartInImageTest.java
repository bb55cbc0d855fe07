package dev.cleat.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.nimbusds.jwt.SignedJWT;
import dev.cleat.e2e.Await;
import dev.cleat.helm.Chart;
import dev.cleat.helm.Manifests;
import dev.cleat.helm.RenderedPod;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The image understands what the chart renders: it is started with that, and probed and ended. */
@Order(4)
@ExtendWith(BuiltImage.class)
@Timeout(1800)
class ChartInImageTest {
  /** The options of a command line that say who calls; each has a value. */
  private static final Set<String> CREDENTIALS = Set.of("--token-file", "--cert", "--key");

  private final Containers containers;
  @TempDir Path folder;

  ChartInImageTest(Containers containers) {
    this.containers = containers;
  }

  /** What a caller has who is not the pod of {@code helm test}. */
  enum Credential {
    /** What that pod has been given. */
    OF_THE_TEST,
    TOKEN,
    JWT;

    String in(ClusterSecrets secrets) {
      return switch (this) {
        case OF_THE_TEST -> "";
        case TOKEN -> secrets.token();
        case JWT -> secrets.jwt();
      };
    }
  }

  @ParameterizedTest
  @CsvSource({
    "anonymous, OF_THE_TEST, default, bash, anonymous",
    "whole, OF_THE_TEST, team-a, my-agent, ci",
    "many-tenants, TOKEN, team-a, bash, ci",
    "mutual-tls, OF_THE_TEST, team-a, bash, ci",
    "jwt-secret, JWT, team-a, bash, ci",
  })
  void thePodServesIsWellPassesItsTestAndEnds(
      String set, Credential credential, String tenant, String tool, String subject)
      throws Exception {
    Serving serving = serve(set);
    RunningPod running = serving.running();
    String token = credential.in(serving.secrets());
    assertThat(running.succeeds("readinessProbe")).isTrue();
    assertThat(running.succeeds("livenessProbe")).isTrue();
    assertThat(running.get(serving.pod().port("admin"), "/metrics")).contains("\ncleat_");

    StringBuilder said = new StringBuilder();
    for (JsonNode container : serving.test().spec().at("/containers")) {
      said.append(running.run(serving.test(), container).ok());
    }
    assertThat(said).isNotEmpty();
    if (!subject.equals("anonymous")) {
      assertThat(serving.asks(stranger(serving.client()), "whoami").exitCode()).isNotZero();
    }
    JsonNode client = bearing(serving.client(), token);
    // The test asks it, where it has a credential.
    assertThat(token.isEmpty() ? said : serving.asks(client, "whoami").ok())
        .contains(tenant, subject);
    if (!tool.equals("bash")) {
      assertThat(serving.asks(client, "tools").ok()).contains(tool);
    }
    serving.asks(client, "new", "bash", "--name", "first").ok();

    // Before that the kubelet itself waits, and the image has no part in it.
    assertThat(serving.pod().container().at("/lifecycle").properties())
        .allSatisfy(hook -> {
          assertThat(hook.getKey()).isEqualTo("preStop");
          assertThat(hook.getValue().has("sleep")).isTrue();
        });
    assertThat(running.end()).as(running::log).isZero();
  }

  @Test
  void aTicketIsSignedWithTheSecretsKeyAndGoodForItsSession() throws Exception {
    Serving serving = serve("ticket-keys");
    JsonNode owner = bearing(serving.client(), serving.secrets().token());
    serving.asks(owner, "new", "bash", "--name", "first").ok();
    serving.asks(owner, "new", "bash", "--name", "second").ok();

    String ticket = serving.asks(owner, "ticket", "first", "--role", "viewer").ok();

    assertThat(SignedJWT.parse(ticket).getHeader().getKeyID()).isEqualTo(ClusterSecrets.TICKET_KEY);
    JsonNode bearer = bearing(serving.client(), ticket);
    assertThat(serving.asks(bearer, "info", "first").ok()).contains("first");
    assertThat(serving.asks(bearer, "info", "second").exitCode()).isNotZero();
    assertThat(serving.running().end()).as(serving.running()::log).isZero();
  }

  /** A pod that serves, and what a client in the cluster needs. */
  private record Serving(
      JsonNode service,
      RenderedPod pod,
      RenderedPod test,
      RunningPod running,
      ClusterSecrets secrets) {
    /** The last container of {@code helm test}: the first may go without the credentials. */
    JsonNode client() {
      JsonNode containers = test.spec().at("/containers");
      return containers.get(containers.size() - 1);
    }

    /** Runs a client with another command, but its address and credentials. */
    Containers.Ran asks(JsonNode client, String... command) throws Exception {
      return running.run(test, asking(client, command));
    }
  }

  /** Behind a service with another port, which is not there: the client asks the pod itself. */
  @Test
  void aPodThatListensOnEveryAddressServesThere() throws Exception {
    Serving serving = start("load-balancer");
    RunningPod running = serving.running();
    assertThat(running.log()).containsPattern("cleat serves on \\[[0:]+]:8443");
    assertThat(running.succeeds("readinessProbe")).isTrue();
    assertThat(running.succeeds("livenessProbe")).isTrue();
    JsonNode client = atPort(serving.pod().port("grpc"), serving.client());
    JsonNode owner = bearing(client, serving.secrets().token());
    assertThat(serving.asks(owner, "whoami").ok()).contains("team-a", "ci");
    assertThat(serving.asks(client, "whoami").exitCode()).isNotZero();
    assertThat(running.end()).as(running::log).isZero();
  }

  /** A client of another port than its own. */
  private static JsonNode atPort(int port, JsonNode client) {
    ObjectNode other = client.deepCopy();
    ArrayNode words = other.putArray("command");
    client
        .at("/command")
        .forEach(word -> words.add(word.asText().replaceAll("\\.svc:\\d+$", ".svc:" + port)));
    assertThat(words).isNotEqualTo(client.at("/command"));
    return other;
  }

  private Serving serve(String set) throws Exception {
    Serving serving = start(set);
    // Nothing stands between the service and the pod here.
    assertThat(serving.service().at("/spec/ports/0/port").intValue())
        .isEqualTo(serving.pod().port("grpc"));
    return serving;
  }

  private Serving start(String set) throws Exception {
    Manifests manifests = Chart.render(Chart.valueSet(set));
    JsonNode service = service(manifests);
    RenderedPod pod = RenderedPod.of(manifests);
    assertThat(service.at("/spec/ports/0/targetPort").asText()).isEqualTo("grpc");
    String name = service.at("/metadata/name").asText() + "." + Chart.NAMESPACE + ".svc";
    ClusterSecrets secrets = ClusterSecrets.make(folder, name);
    RunningPod running = new RunningPod(containers, pod, name, folder, secrets.all());
    Await.until(
        "it has started",
        () -> {
          assertThat(containers.isRunning(running.id())).as(running::log).isTrue();
          return running.succeeds("startupProbe");
        });
    return new Serving(service, pod, RenderedPod.test(manifests), running, secrets);
  }

  /** The service that clients connect to. */
  private static JsonNode service(Manifests manifests) {
    return manifests.all("Service").stream()
        .filter(service -> !service.at("/spec/clusterIP").asText().equals("None"))
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode asking(JsonNode client, String... command) {
    ObjectNode asking = client.deepCopy();
    ArrayNode words = asking.putArray("command").add("cleat");
    List.of(command).forEach(words::add);
    for (int i = 2; i < client.at("/command").size(); i++) {
      words.add(client.at("/command").get(i));
    }
    return asking;
  }

  /** A client with this token; as it was where that is empty. */
  private static JsonNode bearing(JsonNode client, String token) {
    ObjectNode bearing = client.deepCopy();
    if (!token.isEmpty()) {
      bearing.putArray("env").addObject().put("name", "CLEAT_TOKEN").put("value", token);
    }
    return bearing;
  }

  /** A client without its credentials. */
  private static JsonNode stranger(JsonNode client) {
    ObjectNode stranger = client.deepCopy();
    ArrayNode words = stranger.putArray("command");
    for (int i = 0; i < client.at("/command").size(); i++) {
      if (CREDENTIALS.contains(client.at("/command").get(i).asText())) {
        i++;
      } else {
        words.add(client.at("/command").get(i));
      }
    }
    return stranger;
  }
}
