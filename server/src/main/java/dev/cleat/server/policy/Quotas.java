package dev.cleat.server.policy;

import java.util.Map;
import java.util.OptionalLong;

/**
 * How much a tenant may have.
 *
 * @param limits of what is limited; the rest is as much as the server has
 */
public record Quotas(Map<Quota, Long> limits) {

  /** No limit but the server's own. */
  public static final Quotas NONE = new Quotas(Map.of());

  public Quotas {
    limits = Map.copyOf(limits);
  }

  /** How much; empty if the policy does not say. */
  public OptionalLong limit(Quota quota) {
    final Long limit = limits.get(quota);
    return limit == null ? OptionalLong.empty() : OptionalLong.of(limit);
  }
}
