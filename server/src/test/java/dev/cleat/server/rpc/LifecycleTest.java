package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_CHILDREN_RUNNING;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_ACTIVE_SESSION;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOO_MANY_SESSIONS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.NOT_FOUND;
import static io.grpc.Status.Code.RESOURCE_EXHAUSTED;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.PauseRequest;
import dev.cleat.v1.ResumeRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.SessionView;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.UpdateRequest;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions from Create to Delete. */
@Order(8)
class LifecycleTest {
  @TempDir Path data;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(data, Map.of("limits.sessions", "8"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private SessionServiceBlockingStub calls() {
    return server.sessions();
  }

  private static CreateRequest.Builder cat() {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("cat");
  }

  private Session create(CreateRequest.Builder request) {
    return calls().create(request.build()).getSession();
  }

  private Session get(String id) {
    return calls().get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  private void awaitState(String id, SessionState state) {
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> get(id).getState() == state);
  }

  private static StopRequest.Builder stopAtOnce() {
    return StopRequest.newBuilder().setGracePeriod(Duration.getDefaultInstance());
  }

  @Test
  void everythingThatWasAskedForIsThere() {
    final Session session =
        create(
            cat()
                .setName("all of it")
                .putEnv("SECRET", "hidden")
                .putLabels("team", "blue")
                .setMetadata(
                    Struct.newBuilder()
                        .putFields("n", Value.newBuilder().setNumberValue(1).build()))
                .setModel("m")
                .setWorkspace("w"));
    final Session found =
        calls().get(GetRequest.newBuilder().setName("all of it").build()).getSession();
    assertThat(found.getId()).isEqualTo(session.getId());
    assertThat(found.getState()).isEqualTo(SessionState.SESSION_STATE_RUNNING);
    assertThat(found.getEnvNamesList()).containsExactly("SECRET");
    assertThat(found.toString()).doesNotContain("hidden");
    assertThat(found.getLabelsMap()).containsEntry("team", "blue");
    assertThat(found.getSize().getRows()).isEqualTo(24);
    assertThat(found.getSize().getColumns()).isEqualTo(80);
    assertThat(found.getRun()).isEqualTo(1);
    assertThat(found.getModel() + found.getWorkspace()).isEqualTo("mw");
    assertThat(found.getMetadata().getFieldsOrThrow("n").getNumberValue()).isEqualTo(1);
  }

  @Test
  void aSessionWithoutAWorkdirGetsOneOfItsOwn() {
    final Session session =
        create(CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("pwd; cat"));
    assertThat(Path.of(session.getWorkdir())).isDirectory().hasFileName(session.getId());
    final AttachStream stream =
        new AttachStream(
            server, dev.cleat.v1.AttachOpen.newBuilder().setSessionId(session.getId()).build());
    stream.awaitText(session.getId());
  }

  @Test
  void aRetriedCreateIsOneSessionAlsoOverARestartOfTheServer() throws Exception {
    final CreateRequest request = cat().setRequestId("once").build();
    final CreateResponse first = calls().create(request);
    assertThat(first.getCreated()).isTrue();
    final CreateResponse second = calls().create(request);
    assertThat(second.getCreated()).isFalse();
    assertThat(second.getSession().getId()).isEqualTo(first.getSession().getId());
    server.close();
    server = TestServer.start(data);
    assertThat(calls().create(request).getSession().getId()).isEqualTo(first.getSession().getId());
  }

  @Test
  void createOrGetByNameTakesOverAChangedModel() {
    final CreateRequest.Builder request = cat().setName("n").setGetOrCreate(true).setModel("a");
    final Session first = create(request);
    final CreateResponse second = calls().create(request.setModel("b").build());
    assertThat(second.getCreated()).isFalse();
    assertThat(second.getSession().getId()).isEqualTo(first.getId());
    assertThat(second.getSession().getModel()).isEqualTo("b");
  }

  @Test
  void listsFilterAndPage() {
    final List<String> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(
          create(cat().setName("page-" + i).putLabels("odd", i % 2 == 1 ? "yes" : "no")).getId());
    }
    create(cat().setInternal(true));
    calls().stop(stopAtOnce().setSessionId(ids.getFirst()).build());
    final List<String> listed = new ArrayList<>();
    String token = "";
    do {
      final var page =
          calls().list(ListRequest.newBuilder().setPageSize(2).setPageToken(token).build());
      page.getSessionsList().forEach(session -> listed.add(session.getId()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    assertThat(listed).isEqualTo(ids);
    assertThat(list(SessionFilter.newBuilder().putLabels("odd", "yes")))
        .containsExactly(ids.get(1), ids.get(3));
    assertThat(list(SessionFilter.newBuilder().setNamePrefix("page-4")))
        .containsExactly(ids.get(4));
    assertThat(list(SessionFilter.newBuilder().addStates(SessionState.SESSION_STATE_EXITED)))
        .containsExactly(ids.getFirst());
    assertThat(list(SessionFilter.newBuilder().setIncludeInternal(true))).hasSize(6);
    assertThat(
            calls()
                .list(ListRequest.newBuilder().setView(SessionView.SESSION_VIEW_FULL).build())
                .getSessions(1)
                .getArgsList())
        .containsExactly("-c", "cat");
  }

  private List<String> list(SessionFilter.Builder filter) {
    return calls()
        .list(ListRequest.newBuilder().setFilter(filter).build())
        .getSessionsList()
        .stream()
        .map(Session::getId)
        .toList();
  }

  @Test
  void updateSetsWhatTheMaskNames() {
    final Session session = create(cat().setName("before").setModel("m"));
    final Session updated =
        calls()
            .update(
                UpdateRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setSession(Session.newBuilder().setName("after").putLabels("a", "b"))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("name").addPaths("labels"))
                    .build())
            .getSession();
    assertThat(updated.getName()).isEqualTo("after");
    assertThat(updated.getLabelsMap()).isEqualTo(Map.of("a", "b"));
    assertThat(updated.getModel()).isEqualTo("m");
    assertThat(calls().get(GetRequest.newBuilder().setName("after").build()).getSession().getId())
        .isEqualTo(session.getId());
  }

  @Test
  void pauseHaltsAndResumeGoesOn() {
    final Session session =
        create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .addArgs("-c")
                .addArgs(
                    "trap 'echo interrupted' INT; echo ready; while true; do sleep 0.05; done"));
    calls().pause(PauseRequest.newBuilder().setSessionId(session.getId()).build());
    assertThat(get(session.getId()).getState()).isEqualTo(SessionState.SESSION_STATE_PAUSED);
    calls().resume(ResumeRequest.newBuilder().setSessionId(session.getId()).build());
    assertThat(get(session.getId()).getState()).isEqualTo(SessionState.SESSION_STATE_RUNNING);
    final AttachStream stream =
        new AttachStream(
            server, dev.cleat.v1.AttachOpen.newBuilder().setSessionId(session.getId()).build());
    // Before its trap an interrupt would end it.
    stream.awaitText("ready");
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> {
          calls().interrupt(InterruptRequest.newBuilder().setSessionId(session.getId()).build());
          return stream.text().contains("interrupted");
        });
  }

  @Test
  void childrenKeepTheirParentAndFollowIt() {
    final Session parent = create(cat());
    final Session child = create(cat().setParentId(parent.getId()));
    final Session grandchild = create(cat().setParentId(child.getId()));
    assertThat(list(SessionFilter.newBuilder().setParentId(parent.getId()).setTool("sh")))
        .containsExactly(child.getId());
    calls().stop(stopAtOnce().setSessionId(parent.getId()).build());
    Refused.by(
            () -> calls().delete(DeleteRequest.newBuilder().setSessionId(parent.getId()).build()))
        .with(FAILED_PRECONDITION, ERROR_REASON_CHILDREN_RUNNING);
    assertThat(
            calls()
                .delete(
                    DeleteRequest.newBuilder().setSessionId(parent.getId()).setForce(true).build())
                .getSessionIdsList())
        .containsExactly(parent.getId(), child.getId(), grandchild.getId());
    assertThat(list(SessionFilter.newBuilder())).isEmpty();
  }

  @Test
  void filtersStopAndDeleteAWholeWorkspace() {
    final Session in = create(cat().setWorkspace("w"));
    final Session alsoIn = create(cat().setWorkspace("w"));
    final Session out = create(cat());
    assertThat(
            calls()
                .stop(stopAtOnce().setFilter(SessionFilter.newBuilder().setWorkspace("w")).build())
                .getSessionsList())
        .allMatch(session -> session.getState() == SessionState.SESSION_STATE_EXITED)
        .hasSize(2);
    assertThat(
            calls()
                .delete(
                    DeleteRequest.newBuilder()
                        .setFilter(SessionFilter.newBuilder().setWorkspace("w"))
                        .build())
                .getSessionIdsList())
        .containsExactly(in.getId(), alsoIn.getId());
    assertThat(get(out.getId()).getState()).isEqualTo(SessionState.SESSION_STATE_RUNNING);
    assertThat(data.resolve("workspaces").resolve(in.getId())).doesNotExist();
  }

  @Test
  void eachCallerHasItsActiveSession() {
    Refused.by(() -> calls().getActive(GetActiveRequest.getDefaultInstance()))
        .with(NOT_FOUND, ERROR_REASON_NO_ACTIVE_SESSION);
    final Session first = create(cat().setCaller("a"));
    final Session second = create(cat().setCaller("a"));
    create(cat().setCaller("b"));
    assertThat(active("a")).isEqualTo(second.getId());
    calls()
        .setActive(
            SetActiveRequest.newBuilder().setCaller("a").setSessionId(first.getId()).build());
    assertThat(active("a")).isEqualTo(first.getId());
  }

  private String active(String caller) {
    return calls()
        .getActive(GetActiveRequest.newBuilder().setCaller(caller).build())
        .getSession()
        .getId();
  }

  @Test
  void idleAndOldSessionsAreClosedAndSayWhy() {
    final Duration second = Duration.newBuilder().setSeconds(1).build();
    // It may be idle for no longer than the others, from when somebody watches it.
    final Session watched = create(cat());
    new AttachStream(
            server, dev.cleat.v1.AttachOpen.newBuilder().setSessionId(watched.getId()).build())
        .await(stream -> !stream.responses().isEmpty());
    calls()
        .update(
            UpdateRequest.newBuilder()
                .setSessionId(watched.getId())
                .setSession(Session.newBuilder().setIdleTimeout(second))
                .setUpdateMask(FieldMask.newBuilder().addPaths("idle_timeout"))
                .build());
    final Session idle = create(cat().setIdleTimeout(second));
    final Session old = create(cat().setLifetime(second));
    awaitState(idle.getId(), SessionState.SESSION_STATE_EXITED);
    awaitState(old.getId(), SessionState.SESSION_STATE_EXITED);
    assertThat(get(idle.getId()).getStatusMessage()).contains("idle");
    assertThat(get(old.getId()).getStatusMessage()).contains("lifetime");
    assertThat(get(watched.getId()).getState()).isEqualTo(SessionState.SESSION_STATE_RUNNING);
  }

  @Test
  void endedSessionsGoAfterTheirRetention() throws Exception {
    server.close();
    server = TestServer.start(data, Map.of("retention.ended", "1s"));
    final Session stays = create(cat());
    final Session goes = create(cat());
    calls().stop(stopAtOnce().setSessionId(goes.getId()).build());
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> list(SessionFilter.newBuilder()).equals(List.of(stays.getId())));
  }

  @Test
  void theServerRunsOnlySoManySessions() {
    for (int i = 0; i < 8; i++) {
      create(cat());
    }
    assertThat(
            Refused.by(() -> create(cat()))
                .with(RESOURCE_EXHAUSTED, ERROR_REASON_TOO_MANY_SESSIONS)
                .retry())
        .isTrue();
  }

  @Test
  void watchersAreToldOfEveryChangeAndResume() {
    final Iterator<WatchResponse> watch =
        calls().watch(WatchRequest.newBuilder().setAfterSeq(0).build());
    assertThat(watch.next().hasCaughtUp()).isTrue();
    final Session session = create(cat().setName("watched"));
    calls().stop(stopAtOnce().setSessionId(session.getId()).build());
    calls().delete(DeleteRequest.newBuilder().setSessionId(session.getId()).build());
    final List<SessionChange> changes = new ArrayList<>();
    do {
      changes.add(watch.next().getChange());
    } while (changes.getLast().getKind() != SessionChangeKind.SESSION_CHANGE_KIND_DELETED);
    assertThat(changes.getFirst().getKind())
        .isEqualTo(SessionChangeKind.SESSION_CHANGE_KIND_CREATED);
    assertThat(changes)
        .extracting(SessionChange::getKind)
        .contains(SessionChangeKind.SESSION_CHANGE_KIND_ENDED);
    for (int i = 0; i < changes.size(); i++) {
      assertThat(changes.get(i).getSeq()).isEqualTo(i + 1);
      assertThat(changes.get(i).getSession().getName()).isEqualTo("watched");
    }
    final Iterator<WatchResponse> resumed =
        calls()
            .watch(
                WatchRequest.newBuilder()
                    .setEpoch(changes.getFirst().getEpoch())
                    .setAfterSeq(changes.size() - 1)
                    .build());
    assertThat(resumed.next().getChange()).isEqualTo(changes.getLast());
  }

  @Test
  void deletingLeavesNothingOnTheDisk() throws Exception {
    final Session session = create(cat());
    calls().delete(DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build());
    try (var files = Files.walk(data)) {
      assertThat(files.filter(file -> file.toString().contains(session.getId()))).isEmpty();
    }
  }
}
