package dev.cleat.client;

/**
 * What was used of a model, as far as the tool says. Immutable.
 *
 * @param inputTokens tokens that the model read, cached ones included
 * @param cachedInputTokens of these, tokens that came from a cache
 * @param outputTokens tokens that the model wrote, thoughts included
 * @param costUsd what it cost in US dollars
 * @param counted whether tokens were counted in the texts, because the tool does not say: less than
 *     the model saw
 */
public record Usage(
    long inputTokens, long cachedInputTokens, long outputTokens, double costUsd, boolean counted) {

  /** What somebody knows was used. */
  public static Usage of(long inputTokens, long outputTokens) {
    return new Usage(inputTokens, 0, outputTokens, 0, false);
  }

  /** The same, with what it cost in US dollars. */
  public Usage cost(double usd) {
    return new Usage(inputTokens, cachedInputTokens, outputTokens, usd, counted);
  }

  static Usage of(dev.cleat.v1.Usage raw) {
    return new Usage(
        raw.getInputTokens(),
        raw.getCachedInputTokens(),
        raw.getOutputTokens(),
        raw.getCostUsd(),
        raw.getCounted());
  }

  dev.cleat.v1.Usage raw() {
    return dev.cleat.v1.Usage.newBuilder()
        .setInputTokens(inputTokens)
        .setCachedInputTokens(cachedInputTokens)
        .setOutputTokens(outputTokens)
        .setCostUsd(costUsd)
        .build();
  }
}
