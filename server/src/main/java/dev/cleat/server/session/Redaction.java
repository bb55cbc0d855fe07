package dev.cleat.server.session;

import dev.cleat.server.policy.Names;
import dev.cleat.v1.Event;
import dev.cleat.v1.Turn;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Takes the values of secret variables out of what the server says of a session in words of its
 * own, or quotes. What a terminal shows stays as it is.
 *
 * @param secret names of secret variables, as the policy has them now
 * @param env the variables that the caller has given to the session
 */
record Redaction(Supplier<Names> secret, Map<String, String> env) {
  /** What is shorter is in every text, and no secret. */
  private static final int SHORTEST = 4;

  Redaction {
    env = Map.copyOf(env);
  }

  /** Changes the texts of an event. */
  void redact(Event.Builder event) {
    switch (event.getKindCase()) {
      case STATE_CHANGED -> {
        final String message = event.getStateChanged().getMessage();
        if (!message.isEmpty()) {
          event.getStateChangedBuilder().setMessage(redacted(message));
        }
      }
      case PROMPT_WAY_CHANGED -> {
        final String message = event.getPromptWayChanged().getMessage();
        event.getPromptWayChangedBuilder().setMessage(redacted(message));
      }
      case TURN_CHANGED -> redact(event.getTurnChangedBuilder().getTurnBuilder());
      default -> {}
    }
  }

  private void redact(Turn.Builder turn) {
    if (!turn.getStatusMessage().isEmpty()) {
      turn.setStatusMessage(redacted(turn.getStatusMessage()));
    }
    if (!turn.getOutputPreview().isEmpty()) {
      turn.setOutputPreview(redacted(turn.getOutputPreview()));
    }
    if (!turn.getErrorTail().isEmpty()) {
      turn.setErrorTail(redacted(turn.getErrorTail()));
    }
  }

  /** A text without the values; one that has been cut at an end without their pieces there. */
  String redacted(String text) {
    final Names names = secret.get();
    if (names.patterns().isEmpty()) {
      return text;
    }
    // The longest first: another may be a part of it.
    final List<Map.Entry<String, String>> secrets =
        env.entrySet().stream()
            .filter(entry -> names.has(entry.getKey()) && entry.getValue().length() >= SHORTEST)
            .sorted(Comparator.comparingInt(entry -> -entry.getValue().length()))
            .toList();
    String redacted = text;
    for (Map.Entry<String, String> entry : secrets) {
      redacted = redacted.replace(entry.getValue(), mark(entry));
    }
    for (Map.Entry<String, String> entry : secrets) {
      redacted = ends(redacted, entry.getValue(), mark(entry));
    }
    return redacted;
  }

  private static String mark(Map.Entry<String, String> secret) {
    return "[" + secret.getKey() + "]";
  }

  private static String ends(String text, String value, String mark) {
    String redacted = text;
    for (int length = value.length() - 1; length >= SHORTEST; length--) {
      final String head = value.substring(0, length);
      if (redacted.endsWith(head)) {
        redacted = redacted.substring(0, redacted.length() - length) + mark;
        break;
      }
    }
    for (int length = value.length() - 1; length >= SHORTEST; length--) {
      final String tail = value.substring(value.length() - length);
      if (redacted.startsWith(tail)) {
        redacted = mark + redacted.substring(length);
        break;
      }
    }
    return redacted;
  }
}
