package dev.cleat.client;

/**
 * What was used of a model, as far as the tool says. Immutable.
 *
 * @param inputTokens tokens that the model read, cached ones included
 * @param cachedInputTokens of these, tokens that came from a cache
 * @param outputTokens tokens that the model wrote, thoughts included
 * @param costUsd what it cost in US dollars
 */
public record Usage(long inputTokens, long cachedInputTokens, long outputTokens, double costUsd) {

  static Usage of(dev.cleat.v1.Usage raw) {
    return new Usage(
        raw.getInputTokens(), raw.getCachedInputTokens(), raw.getOutputTokens(), raw.getCostUsd());
  }
}
