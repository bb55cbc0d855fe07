package dev.cleat.server.session;

import dev.cleat.server.journal.JournalSizes;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import io.github.bucket4j.TimeMeter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongConsumer;

/** What each tenant has of all that quotas limit. Thread-safe. */
public final class Ledgers implements JournalSizes {
  private static final List<String> LABELS = List.of("tenant", "quota");

  private final Policy policy;
  private final Ledger.Places places;
  private final TimeMeter time;
  private final Map<String, Ledger> ledgers = new ConcurrentHashMap<>();

  /**
   * Ledgers with nothing in them.
   *
   * @param policy says what each tenant may have
   * @param maxSessions how many sessions may have a process, those of all tenants together
   */
  public Ledgers(Policy policy, int maxSessions) {
    this(policy, maxSessions, TimeMeter.SYSTEM_NANOTIME);
  }

  Ledgers(Policy policy, int maxSessions, TimeMeter time) {
    this.policy = policy;
    this.places = new Ledger.Places(maxSessions);
    this.time = time;
  }

  /** A tenant's. */
  Ledger of(String tenant) {
    return ledgers.computeIfAbsent(
        tenant, name -> new Ledger(name, () -> policy.tenant(name).quotas(), places, time));
  }

  /** A session's journal counts for its tenant; the server's own count for nobody. */
  @Override
  public LongConsumer forJournal(String name) {
    return ChangeLogs.isOne(name)
        ? change -> {}
        : SessionKey.find(name)
            .<LongConsumer>map(key -> of(key.tenant())::journal)
            .orElse(change -> {});
  }

  /** Asks the policy again how much each tenant may have. */
  void refresh() {
    ledgers.values().forEach(Ledger::refresh);
  }

  /** What tenants have and may have, of those that have anything. */
  List<Meter> meters() {
    return List.of(
        new Gauge(
            "cleat_quota_used",
            "What a tenant has of what its quotas limit.",
            LABELS,
            () -> values(Ledger.Line::used)),
        new Gauge(
            "cleat_quota_limit",
            "What a tenant may have, where its policy says so.",
            LABELS,
            () -> values(Ledger.Line::limit)));
  }

  private Map<List<String>, Double> values(Function<Ledger.Line, OptionalLong> which) {
    final Map<List<String>, Double> values = new HashMap<>();
    ledgers.forEach((tenant, ledger) -> {
      if (!ledger.isEmpty()) {
        for (Ledger.Line line : ledger.lines()) {
          which
              .apply(line)
              .ifPresent(value -> values.put(List.of(tenant, line.quota().word()), (double) value));
        }
      }
    });
    return values;
  }
}
