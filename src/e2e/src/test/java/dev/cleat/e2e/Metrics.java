package dev.cleat.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server that was started with {@code --admin-listen} says of itself. For one thread. */
final class Metrics implements AutoCloseable {
  private static final Pattern WHERE = Pattern.compile("Probes and metrics on ([0-9.:]+)");

  private final HttpClient http = HttpClient.newHttpClient();
  private final URI address;

  Metrics(ServerProcess server) {
    Await.until("it says where its metrics are", () -> where(server).isPresent());
    address = where(server).orElseThrow();
  }

  private static Optional<URI> where(ServerProcess server) {
    return server.errors().stream()
        .map(WHERE::matcher)
        .filter(Matcher::find)
        .map(where -> URI.create("http://" + where.group(1) + "/metrics"))
        .findFirst();
  }

  /** The value of a metric; the sum of those that begin so where it has labels. */
  double get(String metric) throws IOException, InterruptedException {
    HttpResponse<String> all =
        http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    String begin = metric.contains("{") ? metric : metric + " ";
    return all.body()
        .lines()
        .filter(line -> line.startsWith(begin))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Override
  public void close() {
    http.close();
  }
}
