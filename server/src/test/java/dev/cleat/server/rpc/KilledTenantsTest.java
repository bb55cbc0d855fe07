package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What two tenants had when the server was killed, each has afterwards, and nothing of the other.
 */
class KilledTenantsTest {
  private static final List<Caller> CALLERS =
      List.of(
          new Caller("blue", "ann", Role.ROLE_OWNER, null),
          new Caller("red", "ann", Role.ROLE_OWNER, null));
  private static final CreateRequest CREATE =
      CreateRequest.newBuilder()
          .setTool("bash")
          .setSessionId("work")
          .setName("work")
          .setRequestId("create")
          .build();

  @TempDir Path data;

  /** What a tenant saw before the server was killed. */
  private record Seen(List<Event> events, Turn turn, List<SessionChange> changes) {}

  private static SendPromptRequest prompt(Caller caller) {
    return SendPromptRequest.newBuilder()
        .setSessionId("work")
        .setPrompt("echo I am " + caller.tenant())
        .setRequestId("prompt")
        .build();
  }

  private static List<Event> events(SessionServiceBlockingStub calls) {
    final List<Event> events = new ArrayList<>();
    ReadEventsRequest request = ReadEventsRequest.newBuilder().setName("work").build();
    while (true) {
      final ReadEventsResponse page = calls.readEvents(request);
      events.addAll(page.getEventsList());
      if (page.getNextPageToken().isEmpty()) {
        return events;
      }
      request = request.toBuilder().setPageToken(page.getNextPageToken()).build();
    }
  }

  private static List<SessionChange> changes(SessionServiceBlockingStub calls) {
    final List<SessionChange> changes = new ArrayList<>();
    final Iterator<WatchResponse> responses =
        calls
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .watch(WatchRequest.newBuilder().setAfterSeq(0).build());
    while (true) {
      final WatchResponse response = responses.next();
      assertThat(response.hasGap()).isFalse();
      if (response.hasCaughtUp()) {
        return changes;
      }
      changes.add(response.getChange());
    }
  }

  private static Seen use(SessionServiceBlockingStub calls, Caller caller) {
    assertThat(calls.create(CREATE).getCreated()).isTrue();
    final Turn sent = calls.sendPrompt(prompt(caller)).getTurn();
    final Turn turn =
        calls
            .waitTurn(
                WaitTurnRequest.newBuilder()
                    .setSessionId("work")
                    .setTurnId(sent.getId())
                    .setTimeout(Duration.newBuilder().setSeconds(60))
                    .build())
            .getTurn();
    assertThat(turn.getOutputPreview()).isEqualTo("I am " + caller.tenant() + "\n");
    return new Seen(events(calls), turn, changes(calls));
  }

  private Map<Caller, Seen> useAndKill() throws IOException, InterruptedException {
    final Process server =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-cp",
                System.getProperty("java.class.path"),
                TenantServer.class.getName(),
                data.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = server.inputReader()) {
      String line = out.readLine();
      while (line != null && !line.startsWith("port ")) {
        line = out.readLine();
      }
      assertThat(line).as("the server has ended by itself").isNotNull();
      final ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(line.substring(5)))
              .usePlaintext()
              .build();
      try {
        final Map<Caller, Seen> seen = new HashMap<>();
        for (Caller caller : CALLERS) {
          seen.put(
              caller,
              use(
                  SessionServiceGrpc.newBlockingStub(channel)
                      .withInterceptors(HeaderCallers.as(caller)),
                  caller));
        }
        return seen;
      } finally {
        server.toHandle().destroyForcibly();
        channel.shutdownNow();
      }
    } finally {
      server.destroyForcibly();
      assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void eachHasItsOwnBack() throws Exception {
    final Map<Caller, Seen> seen = useAndKill();
    try (TestServer server = TestServer.start(data)) {
      for (Caller caller : CALLERS) {
        final SessionServiceBlockingStub calls = server.sessions(caller);
        final Seen before = Objects.requireNonNull(seen.get(caller));
        assertThat(calls.list(ListRequest.getDefaultInstance()).getSessionsList()).hasSize(1);
        final CreateResponse found = calls.create(CREATE);
        assertThat(found.getCreated()).isFalse();
        final Session session = found.getSession();
        assertThat(session.getTenant()).isEqualTo(caller.tenant());
        assertThat(session.getOwner()).isEqualTo("ann");
        assertThat(session.getState()).isEqualTo(SessionState.SESSION_STATE_LOST);

        final List<Event> events = events(calls);
        assertThat(events.stream().mapToLong(Event::getSeq))
            .containsExactly(LongStream.rangeClosed(1, events.size()).boxed().toArray(Long[]::new));
        assertThat(events).startsWith(before.events().toArray(Event[]::new));
        assertThat(calls.sendPrompt(prompt(caller)).getTurn().getId())
            .isEqualTo(before.turn().getId());
        assertThat(calls.getActive(GetActiveRequest.getDefaultInstance()).getSession().getTenant())
            .isEqualTo(caller.tenant());

        final List<SessionChange> changes = changes(calls);
        assertThat(changes).startsWith(before.changes().toArray(SessionChange[]::new));
        assertThat(changes.stream().mapToLong(SessionChange::getSeq))
            .containsExactly(
                LongStream.rangeClosed(1, changes.size()).boxed().toArray(Long[]::new));
        assertThat(changes)
            .extracting(change -> change.getSession().getTenant())
            .containsOnly(caller.tenant());
      }
    }
  }
}
