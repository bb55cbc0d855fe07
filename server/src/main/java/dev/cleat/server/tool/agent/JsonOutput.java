package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Output that is one JSON object a line. Lines that are something else say nothing. */
final class JsonOutput implements TurnOutput {
  static final int MAX_LINE_BYTES = 32 * 1024 * 1024;

  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(MAX_LINE_BYTES).build())
              .build());

  private final Dialect dialect;
  private final Teller teller;
  private final LineCutter lines;
  private boolean toldTooLong;

  JsonOutput(Dialect dialect, Teller teller) {
    this.dialect = dialect;
    this.teller = teller;
    this.lines = new LineCutter(MAX_LINE_BYTES, this::line, this::tooLong);
  }

  @Override
  public void feed(byte[] bytes, int from, int count) {
    lines.feed(bytes, from, count);
  }

  @Override
  public Outcome finish() {
    lines.finish();
    return dialect.end();
  }

  private void line(String line) {
    String json = line.strip();
    if (!json.startsWith("{")) {
      return;
    }
    JsonNode object;
    try {
      object = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      return;
    }
    if (!dialect.read(object)) {
      teller.message(dialect.protocol(), json);
    }
  }

  private void tooLong() {
    if (!toldTooLong) {
      toldTooLong = true;
      teller.error("a line of the agent's output is longer than 32 MiB and was left out");
    }
  }
}
