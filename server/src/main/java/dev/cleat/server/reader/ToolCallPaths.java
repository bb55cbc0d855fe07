package dev.cleat.server.reader;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.cleat.v1.ToolCall;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** The paths of media files that an agent's tool call names: in its paths, and in its input. */
public final class ToolCallPaths {
  private static final JsonFactory JSON = new JsonFactory();

  private ToolCallPaths() {}

  /**
   * Finds them.
   *
   * @param finder for the texts among its input, such as commands
   * @param sink gets the readings of each, see {@link ArtifactFinder.Sink}
   */
  public static void find(ToolCall call, ArtifactFinder finder, Consumer<List<String>> sink) {
    call.getPathsList().forEach(path -> whole(path, sink));
    try (JsonParser parser = JSON.createParser(call.getInputJson())) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.VALUE_STRING) {
          final String text = parser.getText();
          whole(text, sink);
          if (text.chars().anyMatch(Character::isWhitespace)) {
            finder.read(text, (readings, end) -> sink.accept(readings));
          }
        }
      }
    } catch (IOException e) {
      // Agents may send what is not quite JSON; what came before the mistake has been looked at.
      return;
    }
  }

  private static void whole(String text, Consumer<List<String>> sink) {
    final List<String> readings = ArtifactFinder.readings(text);
    if (!readings.isEmpty()) {
      sink.accept(readings);
    }
  }
}
