package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Delivery;
import dev.cleat.client.EventStream;
import dev.cleat.client.NewSession;
import dev.cleat.client.ScreenPart;
import dev.cleat.client.ScreenPicture;
import dev.cleat.client.Session;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.testing.CuttingProxy.Range;
import dev.cleat.v1.Event;
import dev.cleat.v1.Screen;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a real server says that a terminal shows, at any moment, beside a terminal that got all. */
class ScreenPicturesTest {
  private static final int LOOKS = Scale.of(16, 200);

  /** Redraws a board for ever: colours, wide characters, titles, the alternate screen. */
  private static final String BOARD =
      """
      export TERM=xterm-256color
      smcup=$(tput smcup) rmcup=$(tput rmcup) clear=$(tput clear) el=$(tput el) bold=$(tput bold) off=$(tput sgr0)
      for ((i = 1; ; i++)); do
        printf '\\033[%d;%dH%s\\033[3%dm日本 %d ä%s%s' $((i % 11 + 1)) $((i % 37 + 1)) "$bold" $((i % 8)) $i "$off" "$el"
        ((i % 41)) || printf '\\033]2;board %d\\007%s' $i "$smcup$clear"
        ((i % 83)) || printf '%s\\nleft the board at %d, with a line that is longer than the window is wide\\n' "$rmcup" $i
        ((i % 10)) || sleep 0.002
      done
      """;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** A client that began with a picture, and what it got. */
  private record Watcher(ScreenPicture picture, EventStream events) {}

  @Test
  void picturesAreThoseOfAllOutputAtRandomMomentsThroughCutsAndKills() throws Exception {
    long seed = Scale.seed("screens");
    Random random = new Random(seed);
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    List<ScreenPicture> pictures = new ArrayList<>();
    List<Watcher> watchers = new ArrayList<>();
    Cuts cuts = new Cuts(new Range(20_000, 200_000), new Range(1_000, 100_000), 30);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), cuts, seed);
        CleatClient cut = ServerProcess.client(proxy.target())) {
      // In no git repository, which would be one more event.
      Session session =
          cut.create(NewSession.of("bash").args(List.of("-c", BOARD)).workdir("/").size(12, 40));
      for (int look = 1; look <= LOOKS; look++) {
        // The random moment itself, not a wait for anything.
        TimeUnit.MICROSECONDS.sleep(random.nextInt(40_000));
        if (random.nextInt(3) == 0) {
          session.resize(5 + random.nextInt(20), 10 + random.nextInt(70));
        }
        if (random.nextBoolean()) {
          pictures.add(session.screen(ScreenPart.STYLES, ScreenPart.RESTORE));
        } else {
          watchers.add(watch(session));
        }
        if (look == LOOKS / 2) {
          server.kill();
          server = servers.start(data);
          proxy.retarget(server.port());
          pictures.add(session.screen(ScreenPart.STYLES, ScreenPart.RESTORE));
          // Not over the proxy: whether it was done when it is cut nobody knows, and it may not be
          // done twice.
          try (CleatClient direct = server.client()) {
            direct.session(session.id()).restart();
          }
        }
      }
      session.stop();
      pictures.add(session.screen(ScreenPart.STYLES, ScreenPart.RESTORE));
      Map<Long, Screen> shown = shown(session);
      pictures.forEach(picture -> assertShown(picture, shown, seed));
      for (Watcher watcher : watchers) {
        assertFollowed(watcher, shown, seed);
      }
      assertThat(pictures.getLast().position().seq()).isEqualTo(session.refresh().head().seq());

      server.kill();
      server = servers.start(data);
      proxy.retarget(server.port());
      ScreenPicture again = session.screen(ScreenPart.STYLES, ScreenPart.RESTORE);
      assertThat(ReplicaTerminal.look(again.raw()))
          .isEqualTo(ReplicaTerminal.look(pictures.getLast().raw()));
    }
  }

  private static Watcher watch(Session session) {
    EventStream events =
        session.events(AttachOptions.fromScreenWithStyles().readOnly().followRestarts());
    if (events.next() instanceof Delivery.Pictured pictured) {
      return new Watcher(pictured.screen(), events);
    }
    throw new AssertionError("the screen did not come first");
  }

  /** What a terminal shows after each event. */
  private static Map<Long, Screen> shown(Session session) {
    Map<Long, Screen> shown = new HashMap<>();
    ReplicaTerminal terminal = new ReplicaTerminal();
    try (EventStream events = session.events(AttachOptions.fromBeginning().readOnly())) {
      for (Delivery delivery : events) {
        if (delivery instanceof Delivery.Happened happened) {
          terminal.draw(happened.event());
          shown.put(happened.event().getSeq(), terminal.look());
        }
      }
    }
    return shown;
  }

  private static void assertShown(ScreenPicture picture, Map<Long, Screen> shown, long seed) {
    Screen expected = shown.get(picture.position().seq());
    String where = "seed %d, event %d".formatted(seed, picture.position().seq());
    assertThat(ReplicaTerminal.look(picture.raw())).as(where).isEqualTo(expected);
    assertThat(new ReplicaTerminal(picture).look()).as(where).isEqualTo(expected);
    assertThat(picture.incomplete()).isFalse();
  }

  /** It gets every event behind its picture once, and shows what all of them show. */
  private static void assertFollowed(Watcher watcher, Map<Long, Screen> shown, long seed) {
    assertShown(watcher.picture(), shown, seed);
    ReplicaTerminal terminal = new ReplicaTerminal(watcher.picture());
    long next = watcher.picture().position().seq() + 1;
    try (EventStream events = watcher.events()) {
      while (next <= shown.size()) {
        Delivery delivery = events.next(Await.PATIENCE).orElseThrow();
        if (delivery instanceof Delivery.Happened(Event event, _)) {
          assertThat(event.getSeq()).isEqualTo(next++);
          terminal.draw(event);
          assertThat(terminal.look())
              .as("seed %d, event %d after %s", seed, event.getSeq(), watcher.picture())
              .isEqualTo(shown.get(event.getSeq()));
        }
      }
    }
  }

  @Test
  void aSessionThatNobodyAsksForAScreenHasNoThreadForIt() throws Exception {
    ServerProcess server = servers.start(folder.resolve("data"));
    try (CleatClient client = server.client()) {
      Session session = client.create("bash");
      session.prompt("echo printed");
      try (EventStream events = session.events(AttachOptions.fromBeginning().readOnly())) {
        assertThat(events.next(Duration.ofMinutes(1))).isPresent();
      }
      assertThat(threads(server)).contains("cleat-tracker-").doesNotContain("cleat-screen-");
      assertThat(session.screen().text()).contains("printed");
      assertThat(threads(server)).contains("cleat-screen-" + session.id());
    }
  }

  /** All of its threads, virtual ones too. */
  private String threads(ServerProcess server) throws Exception {
    Path dump = folder.resolve("threads.json");
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                String.valueOf(server.pid()),
                "Thread.dump_to_file",
                "-overwrite",
                "-format=json",
                dump.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(jcmd.waitFor()).as(said).isZero();
    // By which it was asked; a JVM that is killed leaves it behind.
    Files.deleteIfExists(Path.of("/tmp", ".java_pid" + server.pid()));
    return Files.readString(dump);
  }
}
