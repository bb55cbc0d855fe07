package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PendingPathsTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final PendingPaths paths = new PendingPaths();

  private static Artifacts.Named named(String path, long seq) {
    return new Artifacts.Named(List.of(path), Path.of("/work"), seq, START, "");
  }

  private static Instant at(long millis) {
    return START.plusMillis(millis);
  }

  /** When it is looked at, in milliseconds, up to then. */
  private List<Long> looks(long until) {
    final List<Long> looks = new ArrayList<>();
    Instant next = paths.next();
    while (next != null && !next.isAfter(at(until))) {
      if (!paths.due(next).isEmpty()) {
        looks.add(Duration.between(START, next).toMillis());
      }
      next = paths.next();
    }
    return looks;
  }

  @Test
  void aPathIsLookedAtSomeTimesAndOnceItsCommandHasEnded() {
    paths.add(named("a.png", 1), START);
    assertThat(looks(60_000)).containsExactly(200L, 1_200L, 6_200L);
    assertThat(paths.all()).hasSize(1);

    paths.ended(at(70_000));
    assertThat(looks(100_000)).containsExactly(70_000L, 71_000L);
    assertThat(paths.all()).isEmpty();
  }

  @Test
  void theOldestIsTheEventThatPlannedALookStillToCome() {
    assertThat(paths.oldest()).isEqualTo(Long.MAX_VALUE);
    paths.add(named("a.png", 1), START);
    paths.add(named("b.png", 2), START);
    assertThat(paths.oldest()).isEqualTo(1);

    assertThat(looks(60_000)).hasSize(3);
    assertThat(paths.all()).hasSize(2);
    assertThat(paths.oldest()).isEqualTo(Long.MAX_VALUE);

    paths.add(named("b.png", 3), at(60_000));
    assertThat(paths.oldest()).isEqualTo(3);
  }

  @Test
  void commandsThatEndInQuickSuccessionDoNotKeepAPath() {
    paths.add(named("a.png", 1), START);
    paths.ended(at(100));
    assertThat(looks(100)).containsExactly(100L);
    paths.ended(at(500));
    paths.ended(at(900));
    assertThat(looks(10_000)).containsExactly(1_100L);
    assertThat(paths.next()).isNull();
  }

  @Test
  void aPathThatIsNamedOverAndOverIsNotLookedAtMoreOften() {
    for (int i = 0; i < 100; i++) {
      paths.add(named("a.png", i), at(i));
    }
    assertThat(paths.all()).containsExactly(named("a.png", 0));
    assertThat(looks(5_000)).containsExactly(200L, 1_200L);
    paths.add(named("a.png", 200), at(5_000));
    assertThat(looks(6_200)).containsExactly(6_200L);
    paths.add(named("a.png", 300), at(7_000));
    assertThat(looks(60_000)).containsExactly(8_000L, 9_000L, 14_000L);
  }

  @Test
  void theOldestGoWhenThereAreTooMany() {
    for (int i = 0; i < PendingPaths.MOST + 10; i++) {
      paths.add(named(i + ".png", i), START);
    }
    assertThat(paths.all()).hasSize(PendingPaths.MOST).doesNotContain(named("9.png", 9));
    assertThat(paths.due(at(200))).hasSize(PendingPaths.MOST);
  }
}
