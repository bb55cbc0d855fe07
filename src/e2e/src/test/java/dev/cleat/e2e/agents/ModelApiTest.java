package dev.cleat.e2e.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a script can do beside answering. */
class ModelApiTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private ModelApi model;

  @BeforeEach
  void start() throws Exception {
    model = ModelApi.start();
  }

  @AfterEach
  void close() {
    client.shutdownNow();
    model.close();
  }

  private CompletableFuture<HttpResponse<String>> ask() {
    Map<String, ?> body = Map.of("model", "any", "tools", List.of(Map.of("name", "any")));
    return client.sendAsync(
        HttpRequest.newBuilder(URI.create(model.url() + "/v1/chat/completions"))
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(body)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void aHeldReplyComesWhenItIsReleased() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    model.reply(Reply.held(latch).thenText("released"));
    CompletableFuture<HttpResponse<String>> response = ask();
    model.awaitTurn(1);
    assertThat(response).isNotDone();
    latch.countDown();
    assertThat(response.join().body()).contains("released").contains("[DONE]");
  }

  @Test
  void aCutReplyBreaksOff() {
    model.reply(Reply.text("half").thenCut());
    assertThatThrownBy(() -> ask().join()).hasCauseInstanceOf(IOException.class);
  }

  @Test
  void silenceLastsUntilTheModelIsClosed() throws Exception {
    model.reply(Reply.silent(Duration.ofMinutes(10)).thenText("never"));
    CompletableFuture<HttpResponse<String>> response = ask();
    model.awaitTurn(1);
    model.close();
    assertThatThrownBy(response::join).hasCauseInstanceOf(IOException.class);
  }

  @Test
  void nothingIsAnsweredBehindTheEndOfTheScript() {
    assertThat(ask().join().statusCode()).isEqualTo(400);
  }
}
