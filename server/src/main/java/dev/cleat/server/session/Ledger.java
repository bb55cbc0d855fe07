package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.policy.Quota;
import dev.cleat.server.policy.Quotas;
import dev.cleat.v1.ErrorReason;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one tenant has of all that its quotas limit, counted as it comes and goes. Whoever gives the
 * tenant more of it asks here first.
 *
 * <p>Thread-safe. Its lock is taken with a session's held or not, and never the other way round.
 */
public final class Ledger {
  /** When something may have been given back. */
  private static final Duration SOON = Duration.ofSeconds(5);

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration SECOND = Duration.ofSeconds(1);

  /**
   * One line of it.
   *
   * @param used how much there is now; empty where that means nothing
   * @param limit how much there may be; empty where the policy does not say
   */
  public record Line(Quota quota, OptionalLong used, OptionalLong limit) {}

  /** A rate, and what is left of it. */
  private record Rate(long limit, Bucket bucket) {}

  private final String tenant;
  private final Supplier<Quotas> policy;
  private final Places places;
  private final TimeMeter time;
  private final Set<String> alive = new HashSet<>();
  private final AtomicLong journalBytes = new AtomicLong();
  private long kept;
  private long clients;
  private long queued;
  private @Nullable Rate creates;
  private @Nullable Rate input;

  /** As the policy had it when it was asked last: output does not ask each time. */
  private volatile Quotas quotas;

  /**
   * The places of the server for sessions that have a process.
   *
   * @param limit how many there are
   */
  record Places(int limit, Semaphore free) {
    Places(int limit) {
      this(limit, new Semaphore(limit));
    }
  }

  /**
   * The ledger of a tenant that has nothing.
   *
   * @param policy says how much it may have now
   */
  Ledger(String tenant, Supplier<Quotas> policy, Places places, TimeMeter time) {
    this.tenant = tenant;
    this.policy = policy;
    this.places = places;
    this.time = time;
    this.quotas = policy.get();
  }

  /** Asks the policy again. */
  void refresh() {
    quotas = policy.get();
  }

  private OptionalLong limit(Quota quota) {
    refresh();
    return quotas.limit(quota);
  }

  private void refuseBeyond(Quota quota, long used, String fix) {
    final OptionalLong limit = limit(quota);
    if (limit.isPresent() && used >= limit.getAsLong()) {
      throw exceeded(quota, limit.getAsLong(), fix).retryAfter(SOON);
    }
  }

  private Refusal exceeded(Quota quota, long limit, String fix) {
    final String what =
        "the tenant's quota %s is %d, and is used up; %s".formatted(quota.word(), limit, fix);
    return Refusal.of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_QUOTA_EXCEEDED, what)
        .with("quota", quota.word())
        .with("limit", limit)
        .quota("tenant:" + tenant, what);
  }

  // Sessions.

  /**
   * A session gets a process. Does nothing where it has one.
   *
   * @throws Refusal QUOTA_EXCEEDED, TOO_MANY_SESSIONS
   */
  synchronized void begin(String id) {
    if (alive.contains(id)) {
      return;
    }
    refuseBeyond(Quota.SESSIONS_ALIVE, alive.size(), "stop a session first");
    if (!places.free().tryAcquire()) {
      final String what = "the server runs as many sessions as it may; stop one first";
      throw Refusal.of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_TOO_MANY_SESSIONS, what)
          .with("limit", places.limit())
          .quota("server", what)
          .retryAfter(SOON);
    }
    alive.add(id);
  }

  /** It has none any more. Does nothing where it had none. */
  synchronized void end(String id) {
    if (alive.remove(id)) {
      places.free().release();
    }
  }

  /**
   * There is one more session.
   *
   * @throws Refusal QUOTA_EXCEEDED
   */
  synchronized void keep() {
    refuseBeyond(Quota.SESSIONS_KEPT, kept, "delete sessions that have ended first");
    kept++;
  }

  /** There are so many that were there before the server. */
  synchronized void kept(long sessions) {
    kept += sessions;
  }

  /** There is one less. */
  synchronized void drop() {
    kept--;
  }

  // Clients and turns.

  /**
   * A client attaches.
   *
   * @throws Refusal QUOTA_EXCEEDED
   */
  synchronized void attach() {
    refuseBeyond(Quota.CLIENTS, clients, "detach a client first");
    clients++;
  }

  synchronized void detach() {
    clients--;
  }

  /**
   * A turn is going to wait.
   *
   * @throws Refusal QUOTA_EXCEEDED
   */
  synchronized void queue() {
    refuseBeyond(Quota.QUEUED_TURNS, queued, "wait for a turn to end");
    queued++;
  }

  /** A turn waits, whatever the quota: it did so before the server, or goes to the tool at once. */
  synchronized void queued() {
    queued++;
  }

  synchronized void unqueued(int turns) {
    queued -= turns;
  }

  // Journals.

  /** The journals have grown by so many bytes, or become smaller. */
  void journal(long bytes) {
    journalBytes.addAndGet(bytes);
  }

  /**
   * Refuses what would make the journals longer when they are as long as they may be.
   *
   * @throws Refusal QUOTA_EXCEEDED
   */
  void refuseWhenFull() {
    final OptionalLong limit = quotas.limit(Quota.JOURNAL_BYTES);
    if (limit.isPresent() && journalBytes.get() >= limit.getAsLong()) {
      throw exceeded(
              Quota.JOURNAL_BYTES,
              limit.getAsLong(),
              "delete sessions, or give them a shorter retention")
          .retryAfter(SOON);
    }
  }

  // Rates and sizes.

  /**
   * A session is asked for.
   *
   * @throws Refusal QUOTA_EXCEEDED
   */
  synchronized void create() {
    final OptionalLong limit = limit(Quota.CREATES_PER_MINUTE);
    if (limit.isPresent()) {
      final Rate rate = rate(creates, limit.getAsLong(), MINUTE);
      creates = rate;
      final var probe = rate.bucket().tryConsumeAndReturnRemaining(1);
      if (!probe.isConsumed()) {
        throw exceeded(Quota.CREATES_PER_MINUTE, rate.limit(), "wait")
            .retryAfter(Duration.ofNanos(probe.getNanosToWaitForRefill()));
      }
    }
  }

  /**
   * Something is typed or prompted by a call of its own, which can be refused.
   *
   * @throws Refusal QUOTA_EXCEEDED where what was typed before is still too much
   */
  synchronized void refuseInput(long bytes) {
    final Rate rate = inputRate();
    if (rate != null) {
      final var probe = rate.bucket().estimateAbilityToConsume(1);
      if (!probe.canBeConsumed()) {
        throw exceeded(Quota.INPUT_BYTES_PER_SECOND, rate.limit(), "wait")
            .retryAfter(Duration.ofNanos(probe.getNanosToWaitForRefill()));
      }
      final long _ = rate.bucket().consumeIgnoringRateLimits(Math.max(1, bytes));
    }
  }

  /**
   * Something was typed in a stream, which is held back rather than refused.
   *
   * @return how long the next should wait, in nanoseconds; mostly 0
   */
  long typed(long bytes) {
    if (quotas.limit(Quota.INPUT_BYTES_PER_SECOND).isEmpty()) {
      return 0;
    }
    synchronized (this) {
      final Rate rate = inputRate();
      return rate == null || bytes == 0 ? 0 : rate.bucket().consumeIgnoringRateLimits(bytes);
    }
  }

  private @Nullable Rate inputRate() {
    final OptionalLong limit = limit(Quota.INPUT_BYTES_PER_SECOND);
    input = limit.isPresent() ? rate(input, limit.getAsLong(), SECOND) : null;
    return input;
  }

  /** The rate as it was, or as it is from now on. */
  private Rate rate(@Nullable Rate before, long limit, Duration period) {
    return before != null && before.limit() == limit
        ? before
        : new Rate(
            limit,
            Bucket.builder()
                .withCustomTimePrecision(time)
                .addLimit(bandwidth -> bandwidth.capacity(limit).refillGreedy(limit, period))
                .build());
  }

  /** Refuses a message of so many bytes; null if it may be so long. */
  @Nullable Refusal messageTooLong(int size) {
    final long limit = quotas.limit(Quota.MESSAGE_BYTES).orElse(Long.MAX_VALUE);
    if (size <= limit) {
      return null;
    }
    final String what =
        "the tenant's quota %s is %d, and the message has %d; send less at a time"
            .formatted(Quota.MESSAGE_BYTES.word(), limit, size);
    return Refusal.of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_QUOTA_EXCEEDED, what)
        .with("quota", Quota.MESSAGE_BYTES.word())
        .with("limit", limit)
        .quota("tenant:" + tenant, what);
  }

  // What there is.

  /** All of it. */
  synchronized List<Line> lines() {
    refresh();
    final List<Line> lines = new ArrayList<>();
    for (Quota quota : Quota.values()) {
      lines.add(new Line(quota, used(quota), quotas.limit(quota)));
    }
    return lines;
  }

  private OptionalLong used(Quota quota) {
    return switch (quota) {
      case SESSIONS_ALIVE -> OptionalLong.of(alive.size());
      case SESSIONS_KEPT -> OptionalLong.of(kept);
      case CLIENTS -> OptionalLong.of(clients);
      case QUEUED_TURNS -> OptionalLong.of(queued);
      case JOURNAL_BYTES -> OptionalLong.of(journalBytes.get());
      case CREATES_PER_MINUTE -> used(creates);
      case INPUT_BYTES_PER_SECOND -> used(input);
      case MESSAGE_BYTES -> OptionalLong.empty();
    };
  }

  /** Nothing is counted where nothing is limited. */
  private static OptionalLong used(@Nullable Rate rate) {
    return rate == null
        ? OptionalLong.empty()
        : OptionalLong.of(rate.limit() - rate.bucket().getAvailableTokens());
  }

  /** Whether it has nothing. */
  synchronized boolean isEmpty() {
    return kept == 0 && clients == 0 && alive.isEmpty();
  }
}
