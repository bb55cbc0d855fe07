package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a server in a process of its own. */
class WatchedServerTest {
  @RegisterExtension private final Servers servers = new Servers();

  private static List<JsonObject> log(ServerProcess server) {
    return server.errors().stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  @Test
  void theLogIsJsonAndSaysWhichSessionItIsAbout(@TempDir Path data) throws Exception {
    ServerProcess server =
        servers.start(
            ServerCommand.on(data)
                .withUsualProbes()
                .flag("--admin-listen", "127.0.0.1:0")
                .flag("--log-format", "json")
                .flag("--audit-file", "log"));
    try (CleatClient client = server.client()) {
      Session session = client.create(NewSession.of("bash").env("HOME", data.toString()));
      session.prompt("echo said");
      Await.until(
          "the log says who has prompted it",
          () ->
              log(server).stream()
                  .filter(line -> line.get("loggerName").getAsString().equals("dev.cleat.audit"))
                  .map(line -> line.getAsJsonObject("mdc"))
                  .anyMatch(about ->
                      about.has("session")
                          && about.get("session").getAsString().equals(session.id())
                          && about.get("tenant").getAsString().equals("default")));
    }
    assertThat(log(server))
        .allSatisfy(line -> {
          assertThat(line.get("level").getAsString()).isIn("INFO", "WARN", "ERROR");
          assertThat(line.get("timestamp").getAsLong()).isPositive();
        });
    String probes =
        log(server).stream()
            .map(line -> line.get("formattedMessage").getAsString())
            .filter(message -> message.startsWith("Probes and metrics on "))
            .map(message -> message.replace("Probes and metrics on ", "http://"))
            .findFirst()
            .orElseThrow();
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> metrics =
          http.send(
              HttpRequest.newBuilder(URI.create(probes + "/metrics")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(metrics.body())
          .contains(
              "cleat_sessions{state=\"", "tenant=\"default\"", "cleat_output_lost_bytes_total 0.0");
    }
  }

  @Test
  void aSecondServerStartsWithoutProbesWhereTheirUsualPortIsTaken(
      @TempDir Path one, @TempDir Path other) throws Exception {
    ServerCommand usual = ServerCommand.on(one).withUsualProbes();
    servers.start(usual);
    ServerProcess second = servers.start(ServerCommand.on(other).withUsualProbes());

    // What it says there is read by another thread than that it serves.
    Await.until(
        "it says so",
        () ->
            second.errors().stream()
                .anyMatch(line ->
                    Stream.of("no probes and metrics", "127.0.0.1:7071", "--admin-listen")
                        .allMatch(line::contains)));
  }
}
