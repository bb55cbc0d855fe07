package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who reaches the pod, what it reaches, and by what names. */
class NetworkTest {
  @Test
  void nothingIsLetInButTheTestUntilSomebodyIsNamed() {
    JsonNode spec = policy("anonymous");
    assertThat(texts(spec.at("/policyTypes"))).containsExactly("Ingress", "Egress");
    assertThat(spec.at("/ingress")).hasSize(1);
    assertThat(
            spec.at("/ingress/0/from/0/podSelector/matchLabels/app.kubernetes.io~1component")
                .asText())
        .isEqualTo("test");
    assertThat(spec.at("/egress")).hasSize(1);
    assertThat(ports(spec.at("/egress/0"))).containsExactly(53, 53);
  }

  @Test
  void clientsReachTheServiceAloneAndScrapersTheMetricsAlone() {
    JsonNode spec = policy("network-named");
    assertThat(spec.at("/ingress")).hasSize(2);
    assertThat(spec.at("/ingress/0/from")).hasSize(2);
    assertThat(ports(spec.at("/ingress/0"))).containsExactly(7070);
    assertThat(ports(spec.at("/ingress/1"))).containsExactly(7071);
    assertThat(ports(spec.at("/egress/1"))).containsExactly(443);
  }

  @Test
  void noRuleIsOpenToEverybody() {
    // A rule without peers, or with an empty one, would be.
    for (String set : List.of("anonymous", "network-named", "monitoring", "jwt-url")) {
      JsonNode spec = policy(set);
      for (JsonNode rule : spec.at("/ingress")) {
        assertThat(rule.at("/from")).as(set).isNotEmpty().noneMatch(JsonNode::isEmpty);
      }
      for (JsonNode rule : spec.at("/egress")) {
        assertThat(rule.at("/to")).as(set).isNotEmpty().noneMatch(JsonNode::isEmpty);
      }
    }
  }

  @Test
  void thereIsNoPolicyWhereItIsNotWanted() {
    assertThat(Chart.render(Chart.valueSet("network-open")).all("NetworkPolicy")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "anonymous, ClusterIP, 7070, kubernetes.io/h2c",
    "load-balancer, LoadBalancer, 443, https",
  })
  void clientsHaveAServiceThatSaysWhatItSpeaks(String set, String type, int port, String protocol) {
    JsonNode spec = Chart.render(Chart.valueSet(set)).one("Service", "demo-cleat").at("/spec");
    assertThat(spec.at("/type").asText()).isEqualTo(type);
    assertThat(spec.at("/ports")).hasSize(1); // and not the metrics
    assertThat(spec.at("/ports/0/port").intValue()).isEqualTo(port);
    assertThat(spec.at("/ports/0/appProtocol").asText()).isEqualTo(protocol);
  }

  @Test
  void metricsAreFetchedFromPodsThatAreNotReadyToo() {
    Manifests manifests = Chart.render(Chart.valueSet("monitoring"));
    JsonNode headless = manifests.one("Service", "demo-cleat-headless");
    JsonNode monitor = manifests.one("ServiceMonitor").at("/spec");
    assertThat(headless.at("/spec/clusterIP").asText()).isEqualTo("None");
    assertThat(headless.at("/spec/publishNotReadyAddresses").asBoolean()).isTrue();
    assertThat(headless.at("/metadata/labels").properties())
        .containsAll(monitor.at("/selector/matchLabels").properties());
    // Else every pod would be asked twice.
    assertThat(
            manifests
                .one("Service", "demo-cleat")
                .at("/metadata/labels")
                .properties()
                .containsAll(monitor.at("/selector/matchLabels").properties()))
        .isFalse();
    assertThat(headless.at("/spec/ports"))
        .extracting(port -> port.at("/name").asText())
        .contains(monitor.at("/endpoints/0/port").asText());
    assertThat(manifests.one("StatefulSet").at("/spec/serviceName"))
        .isEqualTo(headless.at("/metadata/name"));
  }

  @Test
  void aCertificateHasTheNamesThatClientsUse() {
    JsonNode certificate = Chart.render(Chart.valueSet("tls-cert-manager")).one("Certificate");
    assertThat(texts(certificate.at("/spec/dnsNames")))
        .containsExactly(
            "demo-cleat",
            "demo-cleat.agents",
            "demo-cleat.agents.svc",
            "demo-cleat.agents.svc.cluster.local",
            "*.demo-cleat-headless.agents.svc.cluster.local",
            "cleat.example.org");
    assertThat(certificate.at("/spec/issuerRef/kind").asText()).isEqualTo("Issuer");
    assertThat(certificate.at("/spec/secretName").asText()).isEqualTo("demo-cleat-tls");
  }

  private static JsonNode policy(String set) {
    return Chart.render(Chart.valueSet(set)).one("NetworkPolicy").at("/spec");
  }

  private static List<Integer> ports(JsonNode rule) {
    List<Integer> ports = new ArrayList<>();
    rule.at("/ports").forEach(port -> ports.add(port.at("/port").intValue()));
    return ports;
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(item -> texts.add(item.asText()));
    return texts;
  }
}
