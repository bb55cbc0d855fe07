package dev.cleat.server.tool.agent;

import dev.cleat.v1.Event;
import dev.cleat.v1.Event.KindCase;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All that a reader of a turn's output told. */
record Heard(List<Event> events, List<String> tokens, Outcome outcome) {

  /** Feeds a reader the pieces of some bytes between cuts. */
  static Heard of(Function<AgentListener, TurnOutput> reader, byte[] bytes, int... cuts) {
    List<Event> events = new ArrayList<>();
    List<String> tokens = new ArrayList<>();
    TurnOutput output =
        reader.apply(
            new AgentListener() {
              @Override
              public void said(Event.Builder event) {
                events.add(event.build());
              }

              @Override
              public void resumable(String token) {
                tokens.add(token);
              }
            });
    int from = 0;
    for (int cut : cuts) {
      output.feed(bytes, from, cut - from);
      from = cut;
    }
    output.feed(bytes, from, bytes.length - from);
    return new Heard(events, tokens, output.finish());
  }

  /** What a tool really printed, its paths changed. */
  static byte[] sample(String name) {
    try (@Nullable InputStream resource = Heard.class.getResourceAsStream(name + ".jsonl")) {
      return Objects.requireNonNull(resource, name).readAllBytes();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  List<KindCase> kinds() {
    return events.stream().map(Event::getKindCase).toList();
  }

  List<Event> of(KindCase kind) {
    return events.stream().filter(event -> event.getKindCase() == kind).toList();
  }

  Event only(KindCase kind) {
    List<Event> all = of(kind);
    if (all.size() != 1) {
      throw new AssertionError("Not one " + kind + " but " + all);
    }
    return all.getFirst();
  }

  /** All text, put together. */
  String text() {
    StringBuilder text = new StringBuilder();
    events.forEach(event -> text.append(event.getAgentText().getText()));
    return text.toString();
  }
}
