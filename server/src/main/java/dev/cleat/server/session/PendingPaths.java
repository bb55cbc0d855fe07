package dev.cleat.server.session;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Paths that were named, and when to look whether there are files. A path is often named before its
 * file is there or whole: it is looked at a moment later, some times more at growing distances, and
 * when the command or the turn that named it has ended, then and once more.
 *
 * <p>Not safe for use by several threads.
 */
final class PendingPaths {
  /** How many paths wait; the oldest go. */
  static final int MOST = 1000;

  private static final List<Duration> LOOKS =
      List.of(Duration.ofMillis(200), Duration.ofSeconds(1), Duration.ofSeconds(5));
  private static final Duration AFTER_END = Duration.ofSeconds(1);
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final Map<Key, Pending> paths = new LinkedHashMap<>();

  private record Key(List<String> readings, Path base) {}

  private static final class Pending {
    private final Artifacts.Named named;
    private @Nullable Instant due;
    private long seq;
    private int looks;
    private boolean ended;

    Pending(Artifacts.Named named, Instant due) {
      this.named = named;
      this.seq = named.seq();
      this.due = due;
    }

    /** Plans the next look; false if there is none to come. */
    boolean looked(Instant now) {
      looks++;
      if (ended) {
        due = now.plus(AFTER_END);
        return looks == 1;
      }
      due = looks < LOOKS.size() ? now.plus(LOOKS.get(looks)) : null;
      return true;
    }
  }

  /** A path was named. */
  void add(Artifacts.Named named, Instant now) {
    final Key key = new Key(named.readings(), named.base());
    final Pending known = paths.get(key);
    if (known == null) {
      paths.put(key, new Pending(named, now.plus(LOOKS.getFirst())));
      if (paths.size() > MOST) {
        paths.remove(paths.keySet().iterator().next());
      }
    } else if (known.due == null || known.ended) {
      known.ended = false;
      known.looks = 0;
      known.due = now.plus(AGAIN);
      known.seq = named.seq();
    }
  }

  /** A command or a turn has ended. */
  void ended(Instant now) {
    for (Pending path : paths.values()) {
      if (!path.ended) {
        path.ended = true;
        path.looks = 0;
        path.due = now;
      }
    }
  }

  /** Those to be looked at now. */
  List<Artifacts.Named> due(Instant now) {
    final List<Artifacts.Named> due = new ArrayList<>();
    final Iterator<Pending> each = paths.values().iterator();
    while (each.hasNext()) {
      final Pending path = each.next();
      if (path.due != null && !now.isBefore(path.due)) {
        due.add(path.named);
        if (!path.looked(now)) {
          each.remove();
        }
      }
    }
    return due;
  }

  /** When the next is to be looked at; null when none is. */
  @Nullable Instant next() {
    Instant next = null;
    for (Pending path : paths.values()) {
      if (path.due != null && (next == null || path.due.isBefore(next))) {
        next = path.due;
      }
    }
    return next;
  }

  /**
   * The earliest event that planned a look which is still to come; {@link Long#MAX_VALUE} when none
   * is.
   */
  long oldest() {
    return paths.values().stream()
        .filter(path -> path.due != null)
        .mapToLong(path -> path.seq)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** All that wait. */
  List<Artifacts.Named> all() {
    return paths.values().stream().map(path -> path.named).toList();
  }
}
