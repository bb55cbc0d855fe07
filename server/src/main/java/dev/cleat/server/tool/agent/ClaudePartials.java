package dev.cleat.server.tool.agent;

import static dev.cleat.server.tool.agent.Fields.text;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Text that Claude Code prints in pieces, and then once more as a whole block: told in pieces, and
 * of the block only what was not told.
 */
final class ClaudePartials {
  private final Teller teller;
  private final StringBuilder toldText = new StringBuilder();
  private final StringBuilder toldThought = new StringBuilder();

  ClaudePartials(Teller teller) {
    this.teller = teller;
  }

  /** Tells the text in an event of the model's stream. All else in it comes again as a whole. */
  void read(JsonNode event) {
    if (text(event, "type").equals("message_start")) {
      toldText.setLength(0);
      toldThought.setLength(0);
    }
    JsonNode delta = event.path("delta");
    String text = text(delta, "text");
    String thought = text(delta, "thinking");
    toldText.append(text);
    toldThought.append(thought);
    teller.text(text);
    teller.thought(thought);
  }

  /** What is left to tell of a whole block of text. */
  String untoldText(String block) {
    return untold(toldText, block);
  }

  /** What is left to tell of a whole block of thought. */
  String untoldThought(String block) {
    return untold(toldThought, block);
  }

  private static String untold(StringBuilder told, String block) {
    String start = told.toString();
    told.setLength(0);
    return block.startsWith(start) ? block.substring(start.length()) : block;
  }
}
