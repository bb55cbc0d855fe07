package dev.cleat.client;

import dev.cleat.v1.Quota;
import java.util.OptionalLong;

/**
 * How much the client's tenant has of something, and may have.
 *
 * @param name what is limited, such as {@code sessions_alive}; the contract says which there are
 * @param used how much there is now; of a rate, how much of it is used up at the moment. Empty
 *     where nothing is counted
 * @param limit how much there may be; empty: as much as the server has
 */
public record QuotaInfo(String name, OptionalLong used, OptionalLong limit) {

  static QuotaInfo of(Quota raw) {
    return new QuotaInfo(
        raw.getName(),
        raw.hasUsed() ? OptionalLong.of(raw.getUsed()) : OptionalLong.empty(),
        raw.hasLimit() ? OptionalLong.of(raw.getLimit()) : OptionalLong.empty());
  }
}
