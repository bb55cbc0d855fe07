package dev.cleat.server.rpc;

import dev.cleat.server.session.Refusal;
import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.telemetry.Timings;
import dev.cleat.v1.GapReason;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * What is measured of those who read and of those who are refused. Thread-safe. A reader pays
 * nothing for its lag: whoever asks looks at it.
 */
final class RpcMetrics {
  private static final String GAP = "GAP_REASON_";

  private final Counter gaps =
      new Counter(
          "cleat_gaps", "Gaps that readers were told of, each time, by their reason.", "reason");
  private final Timings first =
      new Timings(
          "cleat_attach_first_event_seconds",
          "From the opening of an Attach to the first that it gets of what it asked for.",
          Timings.MEDIUM);
  private final Counter refusals =
      new Counter(
          "cleat_quota_refusals",
          "What was refused because there would be too much of it, by the quota or limit.",
          "tenant",
          "quota");
  private final Timings.Of firstEvent = first.of();

  /** How many events each attached client is behind. */
  private final Set<LongSupplier> readers = ConcurrentHashMap.newKeySet();

  RpcMetrics() {
    for (GapReason reason : GapReason.values()) {
      if (reason != GapReason.UNRECOGNIZED && reason != GapReason.GAP_REASON_UNSPECIFIED) {
        final LongAdder _ = gaps.of(word(reason));
      }
    }
  }

  private static String word(GapReason reason) {
    return reason.name().substring(GAP.length()).toLowerCase(Locale.ROOT);
  }

  List<Meter> meters() {
    return List.of(
        gaps,
        first,
        refusals,
        new Gauge("cleat_attached_clients", "Clients that are attached.", readers::size),
        new Gauge(
            "cleat_reader_lag_events",
            "How many events attached clients are behind: half, 99 of 100, and all of them at most"
                + " so many.",
            List.of("quantile"),
            this::lags));
  }

  private Map<List<String>, Double> lags() {
    final long[] lags = readers.stream().mapToLong(LongSupplier::getAsLong).sorted().toArray();
    final Map<List<String>, Double> quantiles = new TreeMap<>(RpcMetrics::byLabel);
    for (double quantile : new double[] {0.5, 0.99, 1}) {
      final int rank = (int) Math.ceil(quantile * lags.length) - 1;
      quantiles.put(
          List.of(String.valueOf(quantile)),
          lags.length == 0 ? 0.0 : (double) lags[Math.max(0, rank)]);
    }
    return quantiles;
  }

  private static int byLabel(List<String> one, List<String> other) {
    return one.getFirst().compareTo(other.getFirst());
  }

  /** A client is attached, and is behind by so much when it is asked. */
  void attached(LongSupplier lag) {
    readers.add(lag);
  }

  void detached(LongSupplier lag) {
    readers.remove(lag);
  }

  void firstEvent(long nanos) {
    firstEvent.took(nanos);
  }

  void gap(GapReason reason) {
    gaps.of(word(reason)).increment();
  }

  /** A call was refused; counts if that was for a limit. */
  void refused(String tenant, Throwable cause) {
    if (cause instanceof Refusal refusal) {
      final String quota =
          switch (refusal.reason()) {
            case ERROR_REASON_TOO_MANY_SESSIONS -> "limits.sessions";
            case ERROR_REASON_TOO_MANY_CLIENTS -> "limits.clients_per_session";
            case ERROR_REASON_QUEUE_FULL -> "limits.queue";
            case ERROR_REASON_QUOTA_EXCEEDED -> refusal.metadata().getOrDefault("quota", "");
            default -> "";
          };
      if (!quota.isEmpty()) {
        refusals.of(tenant, quota).increment();
      }
    }
  }
}
