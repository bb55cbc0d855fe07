package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.Artifact;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import dev.cleat.v1.Event;
import dev.cleat.v1.ReadEventsRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Media files that are named in the last moments before the server is killed with SIGKILL. */
@Order(4)
class LastFilesTest {
  private static final int KILLS = Scale.of(4, 40);

  /** Names are cut into pieces, for the events that end in the middle of one. */
  private static final String PRINTS =
      "n=0; while [ $n -lt 200 ]; do n=$((n + 1)); cp pic.png $0$n.png; printf '%s' \"$0$n\";"
          + " printf '.p'; printf 'ng\\n'; sleep 0.01; done; exec sleep 600";

  private static final Pattern NAME = Pattern.compile("(?m)^[a-z0-9]+\\.png$");

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  private static List<Event> events(CleatClient client, String id) {
    List<Event> events = new ArrayList<>();
    long after = 0;
    while (true) {
      List<Event> page =
          client
              .grpc()
              .sessions()
              .readEvents(
                  ReadEventsRequest.newBuilder()
                      .setSessionId(id)
                      .setAfterSeq(after)
                      .setPageSize(1000)
                      .build())
              .getEventsList();
      if (page.isEmpty()) {
        return events;
      }
      events.addAll(page);
      after = page.getLast().getSeq();
    }
  }

  /** What has been printed, name by name. */
  private static Set<String> named(List<Event> events) {
    StringBuilder printed = new StringBuilder();
    for (Event event : events) {
      printed.append(event.getOutput().getData().toString(StandardCharsets.ISO_8859_1));
    }
    Set<String> names = new TreeSet<>();
    Matcher name = NAME.matcher(printed.toString().replace("\r", ""));
    while (name.find()) {
      names.add(name.group());
    }
    return names;
  }

  private static List<String> found(List<Event> events) {
    return events.stream()
        .filter(Event::hasArtifactFound)
        .map(event -> event.getArtifactFound().getArtifact().getPath())
        .toList();
  }

  private Path work() throws IOException {
    Path work = Files.createDirectory(folder.resolve("work"));
    Files.write(work.resolve("pic.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
    return work;
  }

  @Test
  void everyNameThatWasPrintedWasLookedAtOnce() throws Exception {
    Random random = new Random(Scale.seed("last files"));
    Path work = work();
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    Set<String> all = new TreeSet<>();
    for (int kill = 1; kill <= KILLS; kill++) {
      String id;
      try (CleatClient client = server.client()) {
        Session session =
            client.create(
                NewSession.of("sh")
                    .args(List.of("-c", PRINTS, "run" + kill + "x"))
                    .workdir(work.toString()));
        id = session.id();
        Await.until("some are printed", () -> session.refresh().outputBytes() > 200);
      }
      // The random moment itself, not a wait for anything.
      TimeUnit.MILLISECONDS.sleep(random.nextInt(700));
      server.kill();
      server = servers.start(data);
      try (CleatClient client = server.client()) {
        Session session = client.session(id);
        Set<String> named = named(events(client, id));
        assertThat(named).as("what run %d printed", kill).isNotEmpty();
        // A start waits no longer than two seconds for a slow disk, and the look goes on behind it.
        Await.until("all were looked at", () -> found(events(client, id)).size() >= named.size());
        assertThat(found(events(client, id)))
            .doesNotHaveDuplicates()
            .containsExactlyInAnyOrderElementsOf(named);
        assertThat(session.artifacts())
            .extracting(Artifact::path)
            .containsExactlyInAnyOrderElementsOf(named);
        all.addAll(named);
        session.delete(true);
      }
    }
    assertThat(all).hasSizeGreaterThan(KILLS);
  }

  @Test
  void whatWasFoundIsNotWrittenDownAgainByRestarts() throws Exception {
    Path work = work();
    Path data = folder.resolve("data");
    ServerProcess server = servers.start(data);
    String id;
    try (CleatClient client = server.client()) {
      Session session =
          client.create(
              NewSession.of("sh")
                  .args(List.of("-c", "echo pic.png; exec sleep 600"))
                  .workdir(work.toString()));
      id = session.id();
      Await.until("it is found", () -> session.artifacts().size() == 1);
    }
    for (int kill = 1; kill <= 3; kill++) {
      server.kill();
      server = servers.start(data);
      try (CleatClient client = server.client()) {
        assertThat(found(events(client, id))).containsExactly("pic.png");
        Session session = client.session(id);
        long printed = session.refresh().outputBytes();
        session.restart();
        Await.until("it is named again", () -> session.refresh().outputBytes() > printed);
      }
    }
  }
}
