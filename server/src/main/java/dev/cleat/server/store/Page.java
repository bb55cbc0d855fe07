package dev.cleat.server.store;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * The first of what there is.
 *
 * @param more whether there is something behind it
 */
public record Page<T>(List<T> items, boolean more) {
  /** The first of these: at most so many, and no more than have so many bytes, but one at least. */
  public static <T> Page<T> of(List<T> all, int limit, long bytes, ToLongFunction<? super T> size) {
    int count = 0;
    for (long left = bytes; count < Math.min(limit, all.size()); count++) {
      left -= size.applyAsLong(all.get(count));
      if (count > 0 && left < 0) {
        break;
      }
    }
    return new Page<>(List.copyOf(all.subList(0, count)), count < all.size());
  }

  /** What they mean. */
  public <R> Page<R> map(Function<? super T, R> meaning) {
    return new Page<>(items.stream().map(meaning).toList(), more);
  }
}
