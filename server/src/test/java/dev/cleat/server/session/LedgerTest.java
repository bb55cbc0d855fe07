package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.Code;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.policy.Quota;
import dev.cleat.v1.ErrorReason;
import io.github.bucket4j.TimeMeter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is counted for a tenant, and what is refused when. */
class LedgerTest {
  private final AtomicLong nanos = new AtomicLong();

  @TempDir Path folder;

  private final TimeMeter time =
      new TimeMeter() {
        @Override
        public long currentTimeNanos() {
          return nanos.get();
        }

        @Override
        public boolean isWallClockBased() {
          return false;
        }
      };

  private Ledgers ledgers(String quotas) throws Exception {
    final Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            "tenants: {acme: {quotas: {%s}}, build: {}}".formatted(quotas));
    return new Ledgers(Policy.open(policy), 3, time);
  }

  private Ledger acme(String quotas) throws Exception {
    return ledgers(quotas).of("acme");
  }

  private static Refusal refused(ThrowingCallable step) {
    final Refusal refusal = catchThrowableOfType(Refusal.class, step);
    assertThat(refusal).isNotNull();
    assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    return refusal;
  }

  private static Refusal exceeded(String quota, ThrowingCallable step) {
    final Refusal refusal = refused(step);
    assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_QUOTA_EXCEEDED);
    assertThat(refusal.metadata()).containsEntry("quota", quota);
    assertThat(refusal.exceeded())
        .extracting(Refusal.Exceeded::subject)
        .containsExactly("tenant:acme");
    return refusal;
  }

  private void after(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void aSessionTakesOnePlaceHoweverOftenItBegins() throws Exception {
    final Ledger acme = acme("sessions_alive: 2");
    acme.begin("a");
    acme.begin("a");
    acme.begin("b");
    exceeded("sessions_alive", () -> acme.begin("c"));
    acme.end("a");
    acme.end("a");
    acme.begin("c");
    exceeded("sessions_alive", () -> acme.begin("d"));
  }

  @Test
  void theServersPlacesAreForAllTenants() throws Exception {
    final Ledgers ledgers = ledgers("");
    final Ledger acme = ledgers.of("acme");
    acme.begin("a");
    acme.begin("b");
    ledgers.of("build").begin("a");
    assertThat(refused(() -> acme.begin("c")).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_TOO_MANY_SESSIONS);
    ledgers.of("build").end("a");
    acme.begin("c");
  }

  @Test
  void asManyAsMayComeInOfThoseWhoComeAtOnce() throws Exception {
    final Ledger acme = acme("clients: 7");
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      final List<Future<Boolean>> attached =
          IntStream.range(0, 100)
              .mapToObj(i ->
                  callers.submit(() -> {
                    try {
                      acme.attach();
                      return true;
                    } catch (Refusal e) {
                      return false;
                    }
                  }))
              .toList();
      int in = 0;
      for (Future<Boolean> each : attached) {
        in += each.get() ? 1 : 0;
      }
      assertThat(in).isEqualTo(7);
    }
  }

  @Test
  void whatWasThereBeforeCounts() throws Exception {
    final Ledger acme = acme("sessions_kept: 3, queued_turns: 2, journal_bytes: 1MiB");
    acme.kept(2);
    acme.keep();
    exceeded("sessions_kept", acme::keep);
    acme.drop();
    acme.keep();

    acme.queued();
    acme.queue();
    exceeded("queued_turns", acme::queue);
    acme.unqueued(1);
    acme.queue();

    acme.journal(1 << 20);
    exceeded("journal_bytes", acme::refuseWhenFull);
    acme.journal(-1);
    acme.refuseWhenFull();
  }

  @Test
  void sessionsAreMadeAtARate() throws Exception {
    final Ledger acme = acme("creates_per_minute: 6");
    for (int i = 0; i < 6; i++) {
      acme.create();
    }
    assertThat(exceeded("creates_per_minute", acme::create).retryAfter())
        .isEqualTo(Duration.ofSeconds(10));
    after(Duration.ofSeconds(9));
    assertThat(exceeded("creates_per_minute", acme::create).retryAfter())
        .isEqualTo(Duration.ofSeconds(1));
    after(Duration.ofSeconds(1));
    acme.create();
    exceeded("creates_per_minute", acme::create);
    after(Duration.ofHours(1));
    for (int i = 0; i < 6; i++) {
      acme.create();
    }
    exceeded("creates_per_minute", acme::create);
  }

  @Test
  void inputMayBeMoreThanTheRateAndTheNextWaits() throws Exception {
    final Ledger acme = acme("input_bytes_per_second: 1000");
    acme.refuseInput(4000);
    assertThat(exceeded("input_bytes_per_second", () -> acme.refuseInput(1)).retryAfter())
        .isBetween(Duration.ofSeconds(3), Duration.ofMillis(3001));
    after(Duration.ofMillis(3001));
    acme.refuseInput(1);
    after(Duration.ofSeconds(60));
    assertThat(acme.typed(1000)).isZero();
    assertThat(Duration.ofNanos(acme.typed(500))).isEqualTo(Duration.ofMillis(500));
    assertThat(acme.typed(0)).isZero();
  }

  @Test
  void messagesHaveALength() throws Exception {
    final Ledger acme = acme("message_bytes: 2KiB");
    assertThat(acme.messageTooLong(2048)).isNull();
    final Refusal refusal = Objects.requireNonNull(acme.messageTooLong(2049));
    assertThat(refusal.getMessage()).contains("2048").contains("2049");
    assertThat(refusal.retryAfter()).isNull();
  }

  @Test
  void withoutQuotasEverythingIsCountedAndNothingRefused() throws Exception {
    final Ledger build = ledgers("clients: 0").of("build");
    for (int i = 0; i < 1000; i++) {
      build.create();
      build.keep();
      build.attach();
      build.queue();
      build.refuseInput(1 << 20);
    }
    assertThat(build.typed(1 << 30)).isZero();
    assertThat(build.messageTooLong(Integer.MAX_VALUE)).isNull();
    assertThat(build.lines())
        .contains(
            new Ledger.Line(Quota.SESSIONS_KEPT, OptionalLong.of(1000), OptionalLong.empty()),
            new Ledger.Line(Quota.CLIENTS, OptionalLong.of(1000), OptionalLong.empty()),
            new Ledger.Line(Quota.CREATES_PER_MINUTE, OptionalLong.empty(), OptionalLong.empty()))
        .hasSize(Quota.values().length);
  }

  @Test
  void journalsAreTheirTenantsAndTheServersOwnNobodys() throws Exception {
    final Ledgers ledgers = ledgers("");
    ledgers.forJournal("acme_first").accept(10);
    ledgers.forJournal("first").accept(20);
    ledgers.forJournal("_changes").accept(30);
    ledgers.forJournal("NO KEY").accept(40);
    assertThat(ledgers.of("acme").lines())
        .contains(new Ledger.Line(Quota.JOURNAL_BYTES, OptionalLong.of(10), OptionalLong.empty()));
    assertThat(ledgers.of("default").lines())
        .contains(new Ledger.Line(Quota.JOURNAL_BYTES, OptionalLong.of(20), OptionalLong.empty()));
  }
}
