package dev.cleat.server.session;

import dev.cleat.server.tool.TerminalForm;
import dev.cleat.v1.Tick;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Judges by its screen what a tool is doing. It is shown one look after the other and asked at any
 * time; it has no clock and no thread. Confined to the session's lock.
 */
final class ScreenJudge {
  /** After so long without a change, what is on the screen is not half of something. */
  static final Duration SETTLED = Duration.ofMillis(150);

  /** A tick that has changed within this time is a sign of work. */
  static final Duration TICK_ACTIVE = Duration.ofSeconds(3);

  /** What a tool is doing. */
  enum Verdict {
    /** It waits for a prompt, with nothing typed, and has for long enough. */
    READY,
    /** It shows that it works. */
    WORKING,
    /** It asks something that is known. */
    QUESTION,
    /** It stands still and shows nothing that is known: it may ask something. */
    STRANGE,
    /** Something is going on, or not for long enough to say. */
    OTHER
  }

  private final TerminalForm form;
  private @Nullable Sight sight;
  private Instant changed = Instant.EPOCH;
  private boolean allDrawn;
  private final Tick.Builder tick = Tick.newBuilder();

  ScreenJudge(TerminalForm form) {
    this.form = form;
  }

  /** The screen was looked at. */
  void look(Look look, Instant now) {
    final Sight before = sight;
    if (before == null || !before.look().isLike(look)) {
      changed = now;
    }
    final Sight seen = Sight.of(form, look);
    sight = seen;
    seen.tick()
        .filter(value -> !value.equals(tick.getValue()))
        .ifPresent(value ->
            tick.setValue(value)
                .setChangeTime(Times.timestamp(look.time()))
                .setCount(tick.getCount() + 1));
  }

  /** How much has been printed by now: more than was drawn is a change to come. */
  void printed(long outputBytes) {
    allDrawn = sight != null && sight.look().outputOffset() >= outputBytes;
  }

  /** The newest look; null before the first. */
  @Nullable Sight sight() {
    return sight;
  }

  /** How long nothing has changed. */
  Duration still(Instant now) {
    return allDrawn ? Duration.between(changed, now) : Duration.ZERO;
  }

  boolean isSettled(Instant now) {
    return still(now).compareTo(SETTLED) >= 0;
  }

  /**
   * What the tool is doing.
   *
   * @param someoneTypes whether what stands in the input line may be a person's
   */
  Verdict verdict(Instant now, boolean someoneTypes) {
    final Sight seen = sight;
    if (seen == null) {
      return Verdict.OTHER;
    }
    final Duration still = still(now);
    if (seen.question().isPresent() && isSettled(now)) {
      return Verdict.QUESTION;
    }
    if (seen.tick().isPresent()) {
      return Verdict.WORKING;
    }
    if (seen.isReady()) {
      return still.compareTo(form.quiet()) >= 0 ? Verdict.READY : Verdict.OTHER;
    }
    return still.compareTo(form.questionAfter()) >= 0 && !(someoneTypes && seen.input().isPresent())
        ? Verdict.STRANGE
        : Verdict.OTHER;
  }

  /** When the next of these is reached, should nothing change; empty when all are. */
  Optional<Instant> next(Instant now, Duration... durations) {
    return Stream.of(durations).map(changed::plus).filter(now::isBefore).min(Instant::compareTo);
  }

  /** The last sign of work; empty before the first. */
  Optional<Tick> tick(Instant now) {
    if (tick.getCount() == 0) {
      return Optional.empty();
    }
    final Instant since = Times.instant(tick.getChangeTime());
    final boolean active = now.isBefore(since.plus(TICK_ACTIVE));
    return Optional.of(tick.clone().setActive(active).build());
  }
}
