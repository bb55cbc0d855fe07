package dev.cleat.server.session;

import dev.cleat.v1.Usage;

/** Adds up what turns have used of models. */
final class Usages {
  private Usages() {}

  static Usage sum(Usage a, Usage b) {
    return Usage.newBuilder()
        .setInputTokens(a.getInputTokens() + b.getInputTokens())
        .setCachedInputTokens(a.getCachedInputTokens() + b.getCachedInputTokens())
        .setOutputTokens(a.getOutputTokens() + b.getOutputTokens())
        .setCostUsd(a.getCostUsd() + b.getCostUsd())
        .setCounted(a.getCounted() || b.getCounted())
        .build();
  }

  /** What of a total has come since another; never less than nothing. */
  static Usage less(Usage total, Usage before) {
    return Usage.newBuilder()
        .setInputTokens(Math.max(0, total.getInputTokens() - before.getInputTokens()))
        .setCachedInputTokens(
            Math.max(0, total.getCachedInputTokens() - before.getCachedInputTokens()))
        .setOutputTokens(Math.max(0, total.getOutputTokens() - before.getOutputTokens()))
        .setCostUsd(Math.max(0, total.getCostUsd() - before.getCostUsd()))
        .build();
  }
}
