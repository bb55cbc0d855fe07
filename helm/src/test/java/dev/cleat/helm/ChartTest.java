package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every set of values makes objects that Kubernetes and its operators know, field by field. */
class ChartTest {
  @TempDir Path scratch;

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void passesTheStrictLint(Path values) throws IOException {
    LintResult result = Chart.lint(values, scratch);
    assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void makesObjectsWithoutAnUnknownField(Path values) {
    Manifests manifests = Chart.render(values);
    assertThat(manifests.documents())
        .hasSizeGreaterThan(4)
        .allSatisfy(document -> assertThat(Kinds.typed(document)).isNotNull());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/spec",
        "/spec/template/spec",
        "/spec/template/spec/securityContext/seccompProfile",
        "/spec/template/spec/containers/0/livenessProbe/httpGet",
        "/spec/template/spec/containers/0/lifecycle/preStop/sleep",
        "/spec/template/spec/volumes/0/projected/sources/2/secret/items/0",
        "/spec/volumeClaimTemplates/0/spec/resources"
      })
  void anUnknownFieldWouldBeFoundWhereverItIs(String place) {
    JsonNode object = Chart.render(Chart.valueSet("tls-secret")).one("StatefulSet");
    ((ObjectNode) object.at(place)).put("surprise", 1);
    assertThatThrownBy(() -> Kinds.typed(object)).hasMessageContaining("surprise");
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void isTheSameEachTime(Path values) {
    assertThat(Chart.template(values)).isEqualTo(Chart.template(values));
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void namesNoObjectTwice(Path values) {
    assertThat(Chart.render(values).documents())
        .extracting(document -> document.at("/kind").asText() + document.at("/metadata/name"))
        .doesNotHaveDuplicates();
  }

  @Test
  void labelsEveryObject() {
    assertThat(Chart.render(Chart.valueSet("placement")).documents())
        .allSatisfy(document -> {
          JsonNode labels = document.at("/metadata/labels");
          assertThat(labels.at("/app.kubernetes.io~1instance").asText()).isEqualTo("demo");
          assertThat(labels.at("/team").asText()).isEqualTo("platform");
        });
  }

  @Test
  void namesThatLookLikeNumbersStayTexts() {
    String text = Chart.template(Chart.valueSet("odd-names"), "2026", "2025");
    Manifests manifests = Manifests.of(text);
    assertThat(manifests.documents())
        .isNotEmpty()
        .allSatisfy(document -> assertThat(Kinds.typed(document)).isNotNull());
    assertThat(manifests.all("Service"))
        .extracting(service -> service.at("/metadata/name").asText())
        .containsExactlyInAnyOrder("true", "true-headless");
    // To Helm this is a number, and to the reader here it is not.
    assertThat(text).doesNotContainPattern("[:-] 1e3\\s");
  }

  @Test
  void anIssuerMayBeCalledANumber() throws IOException {
    Path values = scratch.resolve("values.yaml");
    Files.writeString(
        values,
        "auth: {anonymous: true}\n"
            + "tls: {mode: cert-manager, certManager: {issuer: {name: '1', kind: '2', group:"
            + " '3'}}}\n");
    assertThat(Kinds.typed(Chart.render(values).one("Certificate"))).isNotNull();
  }

  @Test
  void isVersionedLikeTheService() throws IOException {
    JsonNode chart = Yaml.MAPPER.readTree(Chart.FOLDER.resolve("Chart.yaml").toFile());
    String pom = Files.readString(Chart.ROOT.resolve("pom.xml"));
    String version = pom.replaceAll("(?s).*?<version>([^<]*)</version>.*", "$1");
    assertThat(List.of(chart.at("/version").asText(), chart.at("/appVersion").asText()))
        .containsOnly(version.replace("-SNAPSHOT", ""));
  }
}
