package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;

/** Nothing leaves the machine, and the model is reached all the same. */
@RealAgents
class OfflineTest {
  /** For documentation only, RFC 5737: nobody has it, and a route to it is a route to all. */
  private static final InetSocketAddress OUTSIDE = new InetSocketAddress("192.0.2.1", 443);

  @Test
  void nothingButLoopbackCanBeReached() throws Exception {
    try (Socket socket = new Socket()) {
      assertThatThrownBy(() -> socket.connect(OUTSIDE, 60_000))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("unreachable");
    }
  }

  @Test
  void theModelIsReachedOnLoopback() throws Exception {
    try (ModelApi model = ModelApi.start();
        HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> models =
          client.send(
              HttpRequest.newBuilder(URI.create(model.url() + "/v1/models")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(models.statusCode()).isEqualTo(200);
      assertThat(model.requests()).hasSize(1);
    }
  }
}
