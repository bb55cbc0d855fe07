package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What Helm says to who installs the chart. */
class NoticeTest {
  @TempDir Path scratch;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "anonymous        | grpcurl -plaintext -d",
        "tokens           | grpcurl -plaintext -H \"authorization: Bearer $TOKEN\" -d",
        "tls-secret       | grpcurl -cacert ca.crt -authority demo-cleat.agents.svc"
            + " -H \"authorization: Bearer $TOKEN\" -d",
        "tls-cert-manager | get secret demo-cleat-tls -o 'jsonpath={.data.ca\\.crt}'",
        "tls-secret       | get secret cleat-web -o 'jsonpath={.data.tls\\.crt}'",
        "tls-authority    | get secret cleat-authority -o 'jsonpath={.data.authority\\.pem}'",
        "mutual-tls       | grpcurl -cacert ca.crt -authority demo-cleat.agents.svc"
            + " -cert client.crt -key client.key -d",
        "jwt-url          | a token of https://login.example.org/",
        "jwt-secret       | -H \"authorization: Bearer $TOKEN\" -d",
        "load-balancer    | port-forward statefulset/demo-cleat 7070:8443",
      })
  void theFirstCallFitsTheValues(String set, String text) throws IOException {
    assertThat(oneLine(Chart.notice(Chart.valueSet(set), scratch))).contains(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "anonymous    | Nobody in the cluster may call yet",
        "jwt-secret   | Nobody in the cluster may call yet",
        "network-open | whoever reaches demo-cleat.agents.svc:7070 can run programs",
        "ephemeral    | gone with the pod",
        "tokens       | tokens cross the cluster's network in the clear",
      })
  void itSaysWhatSomeoneMightNotHaveMeant(String set, String text) throws IOException {
    assertThat(oneLine(Chart.notice(Chart.valueSet(set), scratch))).contains(text);
  }

  @ParameterizedTest
  @CsvSource({
    "network-named, Nobody",
    "jwt-url, cannot fetch",
    "monitoring, Prometheus cannot",
    "volume, gone",
    "tls-secret, in the clear",
    "anonymous, in the clear",
    "network-named, helm -n agents test"
  })
  void itIsSilentOtherwise(String set, String text) throws IOException {
    assertThat(oneLine(Chart.notice(Chart.valueSet(set), scratch))).doesNotContain(text);
  }

  @ParameterizedTest
  @MethodSource("dev.cleat.helm.Chart#valueSets")
  void itHasNoHolesAndNoRowsOfEmptyLines(Path values) throws IOException {
    assertThat(Chart.notice(values, scratch))
        .doesNotContain("<no value>")
        .doesNotContain("%!")
        .doesNotContain("\n\n\n");
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\\\?\\s+", " ");
  }
}
