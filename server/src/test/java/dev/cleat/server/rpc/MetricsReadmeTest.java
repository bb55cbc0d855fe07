package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import io.grpc.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's table of metrics says what there is. */
class MetricsReadmeTest {
  private static final Pattern TYPE = Pattern.compile("# TYPE (cleat_\\S+) (\\S+)");
  private static final Pattern ROW = Pattern.compile("\\| `(cleat_[a-z_]+)` \\| (\\w+) \\|.*");

  private static Map<String, String> found(List<String> lines, Pattern pattern) {
    final Map<String, String> found = new TreeMap<>();
    for (String line : lines) {
      final Matcher matcher = pattern.matcher(line);
      if (matcher.matches()) {
        found.put(matcher.group(1), matcher.group(2));
      }
    }
    return found;
  }

  @Test
  void everyMetricHasItsRowAndEveryRowItsMetric(@TempDir Path data) throws Exception {
    final Map<String, String> table = found(Files.readAllLines(Path.of("..", "README.md")), ROW);
    final Path policy =
        Files.writeString(
            data.resolve("policy.yaml"), "tenants: {default: {quotas: {sessions_alive: 1}}}");
    try (TestServer server =
        TestServer.start(
            data.resolve("data"),
            Map.of("admin.listen", "127.0.0.1:0", "policy", policy.toString()))) {
      // What has labels is not shown before it has happened.
      final CreateRequest shell =
          CreateRequest.newBuilder().setTool("bash").putEnv("HOME", data.toString()).build();
      final String id = server.sessions().create(shell).getSession().getId();
      server
          .sessions()
          .sendPrompt(SendPromptRequest.newBuilder().setSessionId(id).setPrompt("true").build());
      assertThat(Refused.by(() -> server.sessions().create(shell)).code())
          .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);

      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() ->
              assertThat(found(server.admin("/metrics").body().lines().toList(), TYPE))
                  .isEqualTo(table));
    }
  }
}
