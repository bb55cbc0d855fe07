package dev.cleat.client;

/** What becomes of a session whose process went down with the server. */
public enum RevivePolicy {
  /** Not said: as {@link #NEVER}. */
  UNKNOWN,
  /** It stays lost until {@link Session#restart}. */
  NEVER,
  /** It starts again when it is next prompted. */
  ON_PROMPT,
  /** It starts again as soon as the server is back. */
  AT_ONCE;

  static RevivePolicy of(dev.cleat.v1.RevivePolicy raw) {
    return Names.of(RevivePolicy.class, "REVIVE_POLICY_", raw, UNKNOWN);
  }

  dev.cleat.v1.RevivePolicy raw() {
    return this == UNKNOWN
        ? dev.cleat.v1.RevivePolicy.REVIVE_POLICY_UNSPECIFIED
        : dev.cleat.v1.RevivePolicy.valueOf("REVIVE_POLICY_" + name());
  }
}
