package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.Usage;

/**
 * What a turn used: its tokens as the agent counts them when it answers the prompt, and its cost as
 * the difference in what the session has cost.
 */
final class AcpUsage {
  private double costSoFar;
  private boolean costKnown;
  private double costBefore;
  private boolean countsThisTurn;
  private boolean costCame;

  /**
   * @param resumed whether the session is one of before: it may have cost something already, and
   *     until the agent has said how much, no turn's part of it is known
   */
  AcpUsage(boolean resumed) {
    costKnown = !resumed;
  }

  /** Takes a {@code usage_update}. */
  void updated(JsonNode update) {
    JsonNode cost = update.path("cost");
    String currency = AcpJson.text(cost, "currency");
    if (cost.path("amount").isNumber() && (currency.isEmpty() || currency.equals("USD"))) {
      costSoFar = cost.path("amount").doubleValue();
      costKnown = true;
      costCame = true;
    }
  }

  void turnBegins() {
    costBefore = costSoFar;
    countsThisTurn = costKnown;
    costCame = false;
  }

  /**
   * What the turn used.
   *
   * @param answer the answer to the prompt, which may have the usage
   */
  Usage turnEnds(JsonNode answer) {
    // Gemini CLI's own way to say it.
    JsonNode quota = answer.path("_meta").path("quota").path("token_count");
    if (!answer.has("usage") && quota.isObject()) {
      return Usage.newBuilder()
          .setInputTokens(count(quota, "input_tokens"))
          .setOutputTokens(count(quota, "output_tokens"))
          .setCostUsd(cost())
          .build();
    }
    JsonNode said = answer.path("usage");
    long fresh = count(said, "inputTokens");
    long read = count(said, "cachedReadTokens");
    long written = count(said, "cachedWriteTokens");
    long output = count(said, "outputTokens");
    long thought = count(said, "thoughtTokens");
    long total = count(said, "totalTokens");
    // Agents differ in whether thoughts are among the output, and cached tokens among the input;
    // the total tells which it is.
    long input = total == fresh + output ? fresh : fresh + read + written;
    long all = total == input + output + thought ? output + thought : output;
    return Usage.newBuilder()
        .setInputTokens(input)
        .setCachedInputTokens(read)
        .setOutputTokens(all)
        .setCostUsd(cost())
        .build();
  }

  private double cost() {
    if (!costCame || !countsThisTurn) {
      return 0;
    }
    // Less than before: the agent began to count anew.
    double cost = costSoFar < costBefore ? costSoFar : costSoFar - costBefore;
    return Math.round(cost * 1e9) / 1e9;
  }

  private static long count(JsonNode said, String field) {
    JsonNode number = said.path(field);
    return number.isNumber() ? Math.max(0, number.longValue()) : 0;
  }
}
