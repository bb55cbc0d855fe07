package dev.cleat.server.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.slf4j.LoggerFactory;

/**
 * What servers of this JVM log while it is open, as {@code log.format: json} writes it.
 * Thread-safe.
 */
public final class JsonLog implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.cleat.server");
  private final List<JsonNode> lines = new CopyOnWriteArrayList<>();
  private final Appender appender = new Appender();

  /** Listens from now on. */
  public JsonLog() {
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.addAppender(appender);
  }

  private final class Appender extends AppenderBase<ILoggingEvent> {
    private final JsonEncoder encoder = Logging.json(logger.getLoggerContext());

    @Override
    protected void append(ILoggingEvent event) {
      try {
        lines.add(JSON.readTree(new String(encoder.encode(event), UTF_8)));
      } catch (JsonProcessingException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** The lines so far whose message has all of these in it; other servers log here too. */
  public List<JsonNode> with(String... parts) {
    return lines.stream()
        .filter(line -> List.of(parts).stream().allMatch(text(line)::contains))
        .toList();
  }

  private static String text(JsonNode line) {
    return line.path("formattedMessage").asText();
  }

  /** The fields of the first line whose message has all of these in it, which may still come. */
  public JsonNode awaitFields(String... parts) {
    return Awaitility.await("a line with " + List.of(parts))
        .atMost(Duration.ofSeconds(60))
        .until(() -> with(parts), found -> !found.isEmpty())
        .getFirst()
        .path("mdc");
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    appender.stop();
  }
}
