package dev.cleat.e2e.agents;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * What the model answers to one request, step by step. Immutable: each method returns a longer
 * copy.
 *
 * @param steps in their order
 * @param usage what it says it used
 */
record Reply(List<Step> steps, Usage usage) {

  /** One thing that the model does. */
  sealed interface Step {}

  /** One piece of text; pieces in a row make one text. */
  record Text(String piece) implements Step {}

  /** One piece of thought; pieces in a row make one thought. */
  record Thought(String piece) implements Step {}

  /** A tool that the agent is to call. */
  record ToolCall(String tool, Map<String, ?> input) implements Step {}

  /** Nothing more until the test opens the latch. */
  record Hold(CountDownLatch latch) implements Step {}

  /** Nothing for so long, or until the model is closed. */
  record Silence(Duration duration) implements Step {}

  /** The connection ends in the middle of the reply. */
  record Cut() implements Step {}

  /**
   * No reply but an HTTP error; only as the first step, or after a hold or a silence.
   *
   * @param headers more of its headers, such as {@code retry-after}
   */
  record Failure(int status, String message, Map<String, String> headers) implements Step {}

  /** Tokens that the request and the reply are said to have. */
  record Usage(int input, int output) {}

  Reply {
    steps = List.copyOf(steps);
  }

  /** A reply that begins with nothing. */
  static Reply empty() {
    return new Reply(List.of(), new Usage(10, 5));
  }

  /** Text in these pieces. */
  static Reply text(String... pieces) {
    return empty().thenText(pieces);
  }

  /** A thought in these pieces. */
  static Reply thought(String... pieces) {
    return empty().thenThought(pieces);
  }

  /** A call of this tool. */
  static Reply tool(String tool, Map<String, ?> input) {
    return empty().thenTool(tool, input);
  }

  /** An HTTP error. */
  static Reply error(int status, String message) {
    return error(status, message, Map.of());
  }

  /** An HTTP error with these headers. */
  static Reply error(int status, String message, Map<String, String> headers) {
    return empty().then(new Failure(status, message, headers));
  }

  /** First nothing, not even the head of an answer, until the latch is opened. */
  static Reply held(CountDownLatch latch) {
    return empty().thenHold(latch);
  }

  /** First nothing, not even the head of an answer, for so long. */
  static Reply silent(Duration duration) {
    return empty().thenSilence(duration);
  }

  Reply thenText(String... pieces) {
    Reply longer = this;
    for (String piece : pieces) {
      longer = longer.then(new Text(piece));
    }
    return longer;
  }

  Reply thenThought(String... pieces) {
    Reply longer = this;
    for (String piece : pieces) {
      longer = longer.then(new Thought(piece));
    }
    return longer;
  }

  Reply thenTool(String tool, Map<String, ?> input) {
    return then(new ToolCall(tool, input));
  }

  Reply thenHold(CountDownLatch latch) {
    return then(new Hold(latch));
  }

  Reply thenSilence(Duration duration) {
    return then(new Silence(duration));
  }

  Reply thenCut() {
    return then(new Cut());
  }

  /** The steps of another reply behind these. */
  Reply then(Reply other) {
    Reply longer = this;
    for (Step step : other.steps) {
      longer = longer.then(step);
    }
    return longer;
  }

  Reply using(int input, int output) {
    return new Reply(steps, new Usage(input, output));
  }

  private Reply then(Step step) {
    List<Step> longer = new ArrayList<>(steps);
    longer.add(step);
    return new Reply(longer, usage);
  }
}
