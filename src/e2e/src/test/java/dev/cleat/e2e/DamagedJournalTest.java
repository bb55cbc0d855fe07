package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.Gap;
import dev.cleat.client.NewSession;
import dev.cleat.client.Position;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Journals that were damaged while no server ran. */
@Order(10)
class DamagedJournalTest {
  private static final int SEGMENT_BYTES = 64 << 10;

  /** Six segments. */
  private static final Numbers PRINTED = Numbers.ofBytes(6 * SEGMENT_BYTES);

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  @FunctionalInterface
  private interface Change {
    void make(JournalFiles files, long head) throws IOException;
  }

  /**
   * What happens to a journal.
   *
   * @param gaps the gaps of a reader from the beginning are of some of these reasons, one at least
   */
  private record Damage(String name, Set<Gap.Reason> gaps, Change change) {}

  /** What the journal tells by itself. */
  private static final List<Damage> INSIDE =
      List.of(
          new Damage("none", Set.of(), (files, head) -> {}),
          new Damage(
              "half a record more",
              Set.of(),
              (files, head) ->
                  JournalFiles.append(files.last(), JournalFiles.halfRecord(head + 1))),
          new Damage(
              "garbage behind",
              Set.of(),
              (files, head) -> JournalFiles.append(files.last(), garbage(1_000, head))),
          new Damage(
              "byte in the middle",
              Set.of(Gap.Reason.DAMAGED),
              (files, head) -> JournalFiles.flip(files.middle(), middleOfRecords(files.middle()))),
          new Damage(
              "byte of a header", Set.of(), (files, head) -> JournalFiles.flip(files.first(), 9)),
          new Damage(
              "first header wiped",
              Set.of(Gap.Reason.DAMAGED),
              (files, head) -> JournalFiles.wipe(files.first(), JournalFiles.HEADER_BYTES)),
          new Damage(
              "middle missing",
              Set.of(Gap.Reason.MISSING),
              (files, head) -> Files.delete(files.middle())),
          new Damage(
              "first missing",
              Set.of(Gap.Reason.RETENTION),
              (files, head) -> Files.delete(files.first())));

  /** What it does not: that there was more is known from the state. */
  private static final List<Damage> AT_THE_END =
      List.of(
          new Damage(
              "last record torn",
              Set.of(Gap.Reason.TAIL_LOST),
              (files, head) -> JournalFiles.cut(files.last(), 3)),
          new Damage(
              "last header wiped",
              Set.of(Gap.Reason.DAMAGED, Gap.Reason.TAIL_LOST),
              (files, head) -> JournalFiles.wipe(files.last(), JournalFiles.HEADER_BYTES)),
          new Damage(
              "last missing",
              Set.of(Gap.Reason.TAIL_LOST),
              (files, head) -> Files.delete(files.last())),
          new Damage(
              "last empty",
              Set.of(Gap.Reason.DAMAGED, Gap.Reason.TAIL_LOST),
              (files, head) -> JournalFiles.cut(files.last(), Long.MAX_VALUE)),
          new Damage(
              "all missing", Set.of(Gap.Reason.TAIL_LOST), (files, head) -> files.deleteAll()));

  /** A segment with a small event alone is hardly longer than its header. */
  private static long middleOfRecords(Path segment) throws IOException {
    return (JournalFiles.HEADER_BYTES + Files.size(segment)) / 2;
  }

  private static byte[] garbage(int length, long seed) {
    byte[] garbage = new byte[length];
    new Random(seed).nextBytes(garbage);
    return garbage;
  }

  /** A session before the damage: its id, and what a client saw of it. */
  private record Before(String id, Transcript seen) {}

  @Test
  void whatIsDeliveredIsRightAndWhatIsNotIsInAGap() throws Exception {
    Path data = folder.resolve("data");
    Map<Damage, Before> sessions = new LinkedHashMap<>();
    ServerProcess server = servers.start(command(data));
    try (CleatClient client = server.client()) {
      for (Damage damage : INSIDE) {
        sessions.put(damage, print(client));
      }
      for (Damage damage : AT_THE_END) {
        sessions.put(damage, print(client));
      }
    }
    assertThat(server.stop()).isZero();
    damageAndCheck(data, sessions, SessionInfo.State.EXITED);
  }

  @Test
  void theSameHoldsForSessionsThatWereRunningWhenTheServerWasKilled() throws Exception {
    Path data = folder.resolve("data");
    Map<Damage, Before> sessions = new LinkedHashMap<>();
    ServerProcess server = servers.start(command(data));
    try (CleatClient client = server.client()) {
      for (Damage damage : INSIDE) {
        sessions.put(damage, printAndGoOn(client));
      }
      server.kill();
    }
    damageAndCheck(data, sessions, SessionInfo.State.LOST);
  }

  private static ServerCommand command(Path data) {
    return ServerCommand.on(data).flag("--journal-segment-bytes", String.valueOf(SEGMENT_BYTES));
  }

  private void damageAndCheck(Path data, Map<Damage, Before> sessions, SessionInfo.State state)
      throws Exception {
    for (Map.Entry<Damage, Before> entry : sessions.entrySet()) {
      Before before = entry.getValue();
      entry.getKey().change.make(JournalFiles.of(data, before.id), before.seen.last());
    }
    ServerProcess server = servers.start(command(data).flag("--admin-listen", "127.0.0.1:0"));
    Map<Gap.Reason, Integer> told = new EnumMap<>(Gap.Reason.class);
    try (CleatClient client = server.client();
        Metrics metrics = new Metrics(server)) {
      for (Map.Entry<Damage, Before> entry : sessions.entrySet()) {
        try {
          Session session = client.session(entry.getValue().id);
          assertThat(session.info().state()).isEqualTo(state);
          checkReaders(session, entry.getKey(), entry.getValue())
              .forEach(gap -> told.merge(gap.reason(), 1, Integer::sum));
          checkGoingOn(session, entry.getValue());
        } catch (AssertionError | RuntimeException e) {
          throw new AssertionError(entry.getKey().name + ": " + e.getMessage(), e);
        }
      }
      assertCounted(metrics, told);
    }
  }

  /** Each gap that a reader was told of, and none of a reason that was not there. */
  private static void assertCounted(Metrics metrics, Map<Gap.Reason, Integer> told)
      throws Exception {
    assertThat(told).containsKeys(Gap.Reason.DAMAGED, Gap.Reason.MISSING, Gap.Reason.RETENTION);
    for (Gap.Reason reason : Gap.Reason.values()) {
      String series =
          "cleat_gaps_total{reason=\"%s\"}".formatted(reason.name().toLowerCase(Locale.ROOT));
      assertThat(metrics.get(series))
          .as(series)
          .isEqualTo(told.getOrDefault(reason, 0).doubleValue());
    }
  }

  private static Before printAndGoOn(CleatClient client) throws Exception {
    String script = PRINTED.shell().getLast().replace("exec ", "") + "; exec cat";
    Session session = client.create(NewSession.of("sh").args(List.of("-c", script)));
    Transcript seen = Transcript.digesting();
    try (Attachment _ = session.attach(AttachOptions.fromBeginning().readOnly(), seen)) {
      Await.until("it has printed", () -> seen.bytes() == PRINTED.bytes());
    }
    seen.assertWhole();
    return new Before(session.id(), seen);
  }

  private static Before print(CleatClient client) throws Exception {
    Session session = client.create(NewSession.of("sh").args(PRINTED.shell()));
    Transcript seen = Transcript.digesting();
    Transcript.end(session.attach(AttachOptions.fromBeginning().readOnly(), seen));
    seen.assertWhole();
    assertThat(seen.sha()).isEqualTo(PRINTED.sha());
    return new Before(session.id(), seen);
  }

  /** The gaps that readers were told of. */
  private static List<Gap> checkReaders(Session session, Damage damage, Before before)
      throws Exception {
    Transcript now = Transcript.digesting();
    Transcript.end(session.attach(AttachOptions.fromBeginning().readOnly(), now));
    now.assertContiguous();
    assertThat(now.errors()).isEmpty();
    now.assertAgreesWith(before.seen);
    Set<Gap.Reason> reasons = now.gaps().stream().map(Gap::reason).collect(Collectors.toSet());
    assertThat(reasons).isSubsetOf(damage.gaps);
    assertThat(reasons.isEmpty()).isEqualTo(damage.gaps.isEmpty());
    assertThat(now.last()).isGreaterThanOrEqualTo(before.seen.last());
    if (reasons.isEmpty()) {
      now.assertContains(before.seen);
      assertThat(now.sha()).isEqualTo(PRINTED.sha());
    } else {
      assertRefusedOverGap(session);
    }
    List<Gap> gaps = new ArrayList<>(now.gaps());
    gaps.addAll(checkResumption(session, before));
    return gaps;
  }

  /** A reader that does not want to go on over gaps is told. */
  private static void assertRefusedOverGap(Session session) {
    Transcript strict = Transcript.digesting();
    AttachOptions options = AttachOptions.fromBeginning().readOnly().failOnGap();
    assertThat(session.attach(options, strict).done())
        .failsWithin(Await.PATIENCE)
        .withThrowableThat()
        .havingCause()
        .isInstanceOfSatisfying(
            CleatException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(CleatException.Code.OUT_OF_RANGE));
  }

  /** One who had seen everything comes back, and is told nothing that he must not believe. */
  private static List<Gap> checkResumption(Session session, Before before) throws Exception {
    Transcript resumed = Transcript.digesting();
    AttachOptions options = AttachOptions.after(new Position(1, before.seen.last())).readOnly();
    Transcript.end(session.attach(options, resumed));
    resumed.assertContiguous();
    assertThat(resumed.errors()).isEmpty();
    assertThat(resumed.bytes()).isZero();
    return resumed.gaps();
  }

  /** Whatever became of the old events, the new ones have new numbers. */
  private static void checkGoingOn(Session session, Before before) throws Exception {
    long head = session.info().head().seq();
    assertThat(head).isGreaterThanOrEqualTo(before.seen.last());
    session.restart();
    Transcript more = Transcript.digesting();
    Position place = new Position(session.info().head().epoch(), head);
    try (Attachment _ = session.attach(AttachOptions.after(place).readOnly(), more)) {
      Await.until("it has printed again", () -> more.bytes() == PRINTED.bytes());
    }
    more.assertWhole();
    assertThat(more.sha()).isEqualTo(PRINTED.sha());
    assertThat(more.last()).isGreaterThan(head);
    session.stop();
  }
}
