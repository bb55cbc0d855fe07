package dev.cleat.server.auth;

import com.nimbusds.jose.util.Resource;
import com.nimbusds.jose.util.ResourceRetriever;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Gets what an endpoint publishes, in so much time from the first byte to the last, and in so many
 * bytes. It goes nowhere else: who may say which keys count is the operator's to say, and not the
 * endpoint's. Thread-safe.
 */
final class KeyDownload implements ResourceRetriever {
  private static final int LARGEST_BYTES = 256 << 10;

  private final Duration patience;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  KeyDownload(Duration patience) {
    this.patience = patience;
  }

  @Override
  public Resource retrieveResource(URL url) throws IOException {
    final HttpRequest request =
        HttpRequest.newBuilder(URI.create(url.toString()))
            .header("Accept", "application/jwk-set+json, application/json")
            .build();
    final CompletableFuture<HttpResponse<byte[]>> answer =
        client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), LARGEST_BYTES));
    try {
      // Not the request's own limit, which ends with the headers.
      final HttpResponse<byte[]> response = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() != 200) {
        throw new IOException("it answers with the status " + response.statusCode());
      }
      return new Resource(
          new String(response.body(), StandardCharsets.UTF_8),
          response.headers().firstValue("Content-Type").orElse(""));
    } catch (TimeoutException e) {
      throw new IOException("it has not answered to the end in " + patience, e);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    } finally {
      answer.cancel(true);
    }
  }
}
