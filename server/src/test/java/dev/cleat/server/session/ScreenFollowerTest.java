package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Code;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.JournalRootOptions;
import dev.cleat.server.journal.Retention;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.reader.DrawnEvents;
import dev.cleat.server.session.ScreenFollower.Drawn;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.Screen;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the follower draws, for whom, and when it stops. */
class ScreenFollowerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Too short to stay for anybody. */
  private static final Duration AT_ONCE = Duration.ZERO;

  @TempDir Path folder;
  private JournalRoot root;
  private Journal journal;
  private DrawnJournal events;
  private volatile TerminalSize size = DrawnJournal.size(24, 80);

  @BeforeEach
  void open() throws IOException {
    root = JournalRoot.open(folder, JournalRootOptions.defaults());
    journal = root.create("a", new JournalOptions(4096, 0, Retention.UNLIMITED, SyncPolicy.OS));
    events = new DrawnJournal(journal);
  }

  @AfterEach
  void close() throws IOException {
    root.close();
  }

  private ScreenFollower follower(Duration kept) {
    return new ScreenFollower(new SessionKey("default", "a"), journal, () -> size, kept);
  }

  private record Picture(Screen screen, long seq, long offset, boolean incomplete) {
    static Picture of(Drawn drawn) {
      return new Picture(
          DrawnEvents.look(drawn.screen().picture(true, false).build()),
          drawn.seq(),
          drawn.outputOffset(),
          drawn.incomplete());
    }
  }

  private Picture now(ScreenFollower follower) throws InterruptedException {
    return follower.at(journal.head(), PATIENCE, Picture::of);
  }

  @Test
  void pictureHasAllEventsUpToItsNumber() throws Exception {
    events.created(5, 20).printed("\033[1mone\033[0m\r\ntwo").printed("\033[2;3Hthree");
    final ScreenFollower follower = follower(PATIENCE);
    final Picture first = now(follower);
    assertThat(first).isEqualTo(new Picture(events.shown(5), 5, events.offset(), false));
    assertThat(first.screen().getLines(0).getText()).isEqualTo("one");
    assertThat(first.screen().getSize()).isEqualTo(DrawnJournal.size(5, 20));

    events.append(Events.resized(DrawnJournal.size(7, 30)));
    events.printed(OutputStream.OUTPUT_STREAM_STDERR, new byte[] {'x'});
    events.printed("\033[7;25Hlast");
    final Picture second = now(follower);
    assertThat(second).isEqualTo(new Picture(events.shown(8), 8, events.offset(), false));
    assertThat(second.screen().getLines(6).getText()).endsWith("last");
    final Drawn drawn = follower.at(8, PATIENCE, seen -> seen);
    assertThat(drawn.time()).isEqualTo(events.time(8));
  }

  @Test
  void processThatIsStartedAgainBeginsOnAnEmptyScreen() throws Exception {
    events.created(3, 20).printed("old\033[1m");
    events.append(Events.state(SessionState.SESSION_STATE_PAUSED, 1, ""));
    events.append(Events.state(SessionState.SESSION_STATE_RUNNING, 1, ""));
    final ScreenFollower follower = follower(PATIENCE);
    assertThat(now(follower).screen().getLines(0).getText()).isEqualTo("old");
    events.started(2).printed("new");
    final Screen shown = now(follower).screen();
    assertThat(shown.getLines(0).getText()).isEqualTo("new");
    assertThat(shown.getLines(0).getSpans(0).getBold()).isFalse();
  }

  /**
   * Many look at random moments, while one writes as fast as it can and one stays; the follower
   * stops and goes on from what it kept all the time.
   */
  @Test
  void pictureIsExactAtRandomMomentsOfAFlood() throws Exception {
    final long seed = System.nanoTime();
    System.out.println("ScreenFollowerTest seed " + seed);
    final ScreenFollower follower = follower(AT_ONCE);
    events.created(10, 40);
    final int writes = 2000;
    final CountDownLatch written = new CountDownLatch(1);
    final List<Picture> pictures = new CopyOnWriteArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      final Future<?> writer =
          threads.submit(() -> {
            final Random random = new Random(seed);
            for (int i = 0; i < writes; i++) {
              write(random);
              LockSupport.parkNanos(1);
            }
            written.countDown();
            return null;
          });
      for (int i = 1; i <= 3; i++) {
        final Random random = new Random(seed + i);
        final var _ =
            threads.submit(() -> {
              do {
                pictures.add(now(follower));
                Thread.sleep(random.nextInt(20));
              } while (written.getCount() > 0);
              return null;
            });
      }
      writer.get();
    }
    pictures.add(now(follower));
    assertThat(pictures.getLast().seq()).isEqualTo(journal.head());
    final Map<Long, Screen> shown =
        events.shown(pictures.stream().map(Picture::seq).collect(Collectors.toSet()));
    for (Picture picture : pictures) {
      assertThat(picture.screen())
          .as("seed %d, event %d", seed, picture.seq())
          .isEqualTo(shown.get(picture.seq()));
      assertThat(picture.incomplete()).isFalse();
    }
  }

  private void write(Random random) throws IOException {
    switch (random.nextInt(40)) {
      case 0 ->
          events.append(
              Events.resized(DrawnJournal.size(2 + random.nextInt(20), 4 + random.nextInt(60))));
      case 1 -> events.started(2);
      case 2 -> events.printed(random.nextBoolean() ? "\033[?1049h" : "\033[?1049l");
      default -> {
        final byte[] text =
            ("\033[3"
                    + random.nextInt(8)
                    + "m\033["
                    + (1 + random.nextInt(9))
                    + ";3Hw\u4e16\u00e9 "
                    + random.nextInt()
                    + "\033[K\r\n\033]0;title "
                    + random.nextInt(9)
                    + "\007")
                .getBytes(StandardCharsets.UTF_8);
        // Cut anywhere: in characters, in sequences.
        final int cut = random.nextInt(text.length);
        events.printed(Arrays.copyOfRange(text, 0, cut));
        events.printed(Arrays.copyOfRange(text, cut, text.length));
      }
    }
  }

  @Test
  void whoAsksNothingHasNoThreadAndWhatWasDrawnIsNotDrawnAgain() throws Exception {
    events.created(4, 20);
    for (int i = 0; i < 500; i++) {
      events.printed("\033[3" + i % 8 + "mline " + i + " of many\r\n");
    }
    final ScreenFollower follower = follower(AT_ONCE);
    assertThat(follower.isFollowing()).isFalse();
    final Picture first = now(follower);
    await().until(() -> !follower.isFollowing());

    // All that was drawn is gone, and not missed.
    journal.retain(Retention.ofBytes(1024));
    events.printed("and \033[");
    root.maintain();
    assertThat(journal.oldest()).isGreaterThan(100);
    assertThat(now(follower))
        .isEqualTo(new Picture(events.shown(504), 504, events.offset(), false));
    await().until(() -> !follower.isFollowing());
    events.printed("7mmore");
    assertThat(now(follower))
        .isEqualTo(new Picture(events.shown(505), 505, events.offset(), false));
    assertThat(first.screen()).isEqualTo(events.shown(503));
  }

  @Test
  @Timeout(60)
  void whatWasKeptIsThereAtOnceWhenNothingWasAdded() throws Exception {
    events.created(4, 20).printed("as it was");
    final ScreenFollower follower = follower(AT_ONCE);
    final Picture before = now(follower);
    for (int i = 0; i < 10; i++) {
      await().until(() -> !follower.isFollowing());
      assertThat(follower.at(journal.head(), Duration.ofMinutes(5), Picture::of)).isEqualTo(before);
    }
  }

  @Test
  void pictureIsIncompleteWhereItsBeginningWasTrimmed() throws Exception {
    events.created(4, 20);
    events.append(Events.resized(DrawnJournal.size(6, 30)));
    size = DrawnJournal.size(6, 30);
    for (int i = 0; i < 500; i++) {
      events.printed("line " + i + "\r\n");
    }
    journal.retain(Retention.ofBytes(1024));
    events.printed("end");
    root.maintain();
    assertThat(journal.oldest()).isGreaterThan(100);
    final ScreenFollower follower = follower(PATIENCE);
    final Picture picture = now(follower);
    assertThat(picture.incomplete()).isTrue();
    assertThat(picture.screen().getSize()).isEqualTo(size);
    assertThat(picture.screen().getLinesList()).isEqualTo(events.shown(505).getLinesList());
    events.started(2);
    assertThat(now(follower).incomplete()).isFalse();
  }

  @Test
  void observersAreToldUntilTheyGo() throws Exception {
    events.created(4, 20).printed("a");
    final ScreenFollower follower = follower(AT_ONCE);
    final List<Long> told = new CopyOnWriteArrayList<>();
    final ScreenFollower.Observer failing =
        _ -> {
          throw new IllegalStateException("on purpose");
        };
    final ScreenFollower.Observer observer = drawn -> told.add(drawn.seq());
    follower.hold(failing);
    follower.hold(observer);
    await().until(() -> told.contains(4L));
    events.printed("b");
    await().until(() -> told.contains(5L));
    // Who comes to a screen on which nothing happens is told how it is.
    final List<Long> late = new CopyOnWriteArrayList<>();
    final ScreenFollower.Observer second = drawn -> late.add(drawn.seq());
    follower.hold(second);
    await().until(() -> late.contains(5L));
    assertThat(follower.isFollowing()).isTrue();
    assertThat(told).isSorted();
    follower.release(observer);
    follower.release(failing);
    follower.release(second);
    await().until(() -> !follower.isFollowing());
    final int count = told.size();
    events.printed("c");
    assertThat(now(follower).seq()).isEqualTo(6);
    assertThat(told).hasSize(count);
  }

  @Test
  void observersMayTakeTheLockOfThoseWhoHoldAndRelease() throws Exception {
    events.created(4, 20);
    final ScreenFollower follower = follower(AT_ONCE);
    final SessionLock session = new SessionLock("a", () -> {});
    final ScreenFollower.Observer observer = _ -> session.locked(() -> {});
    for (int i = 0; i < 300; i++) {
      session.locked(() -> {
        follower.hold(observer);
        print("x");
        follower.release(observer);
      });
    }
    assertThat(now(follower).screen()).isEqualTo(events.shown(303));
  }

  private void print(String text) {
    try {
      events.printed(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whoHasNoPatienceIsToldAndMayTryAgain() throws Exception {
    events.created(4, 20);
    final ScreenFollower follower = follower(AT_ONCE);
    assertThatThrownBy(() -> follower.at(4, Duration.ofMillis(50), Picture::of))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.code()).isEqualTo(Code.DEADLINE_EXCEEDED));
    events.printed("x");
    assertThat(now(follower).screen()).isEqualTo(events.shown(4));
  }

  @Test
  void whoWaitsIsToldThatTheSessionWasDeleted() throws Exception {
    events.created(4, 20);
    final ScreenFollower follower = follower(PATIENCE);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      final Future<Picture> waiting = threads.submit(() -> follower.at(4, PATIENCE, Picture::of));
      await().until(follower::isFollowing);
      root.delete("a");
      assertThatThrownBy(waiting::get)
          .cause()
          .isInstanceOfSatisfying(
              Refusal.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND));
    }
    await().until(() -> !follower.isFollowing());
  }
}
