package dev.cleat.server.rpc;

import static dev.cleat.server.rpc.Callers.BLUE;
import static dev.cleat.server.rpc.Callers.BLUE_BOB;
import static dev.cleat.server.rpc.Callers.RED;
import static dev.cleat.server.rpc.Callers.ticket;
import static dev.cleat.server.rpc.Callers.with;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NAME_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_ACTIVE_SESSION;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_ID_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.auth.Caller;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tenants that know nothing of each other. */
class TenantsTest {
  @TempDir Path data;
  private TestServer server;
  private Callers callers;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(data);
    callers = new Callers(server);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void restart() throws Exception {
    server.close();
    start();
  }

  private static CreateRequest.Builder ended() {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("true");
  }

  @Test
  void sessionsBelongToTheTenantAndAreOwnedByTheSubjectThatCreatedThem() throws Exception {
    final Session session = callers.create(BLUE, ended().setName("n"));
    assertThat(session.getTenant()).isEqualTo("blue");
    assertThat(session.getOwner()).isEqualTo("ann");
    final Session anonymous = server.sessions().create(ended().build()).getSession();
    assertThat(anonymous.getTenant()).isEqualTo("default");
    assertThat(anonymous.getOwner()).isEqualTo("anonymous");
    final Session listed = callers.list(BLUE, SessionFilter.getDefaultInstance()).getFirst();
    assertThat(List.of(listed.getTenant(), listed.getOwner())).containsExactly("blue", "ann");

    restart();
    assertThat(callers.get(BLUE, session.getId()).getOwner()).isEqualTo("ann");
    assertThat(callers.get(BLUE, session.getId()).getTenant()).isEqualTo("blue");
    assertThat(server.sessions().list(ListRequest.getDefaultInstance()).getSessionsList())
        .extracting(Session::getId)
        .containsExactly(anonymous.getId());
  }

  @Test
  void idsNamesAndRequestIdsAreTheTenantsOwn() {
    final CreateRequest.Builder request =
        CatSessions.request().setSessionId("mine").setName("work").setRequestId("r");
    final Session blue = callers.create(BLUE, request);
    final CreateResponse red = callers.as(RED).create(request.build());
    final CreateResponse first = server.sessions().create(request.build());
    assertThat(red.getCreated()).isTrue();
    assertThat(first.getCreated()).isTrue();
    assertThat(List.of(blue.getId(), red.getSession().getId(), first.getSession().getId()))
        .containsOnly("mine");

    // A retry finds its own.
    final CreateResponse again = callers.as(RED).create(request.build());
    assertThat(again.getCreated()).isFalse();
    assertThat(again.getSession().getTenant()).isEqualTo("red");
    assertThat(again.getSession().getWorkdir()).isNotEqualTo(blue.getWorkdir());
    final CreateResponse named =
        callers.as(BLUE).create(CatSessions.request().setName("work").setGetOrCreate(true).build());
    assertThat(named.getSession().getTenant()).isEqualTo("blue");

    Refused.by(() -> callers.create(BLUE, CatSessions.request().setSessionId("mine")))
        .with(Code.ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN);
    Refused.by(() -> callers.create(RED, CatSessions.request().setName("work")))
        .with(Code.ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN)
        .metadata("session_id", "mine");

    // What happens to one happens to no other.
    callers.as(RED).delete(DeleteRequest.newBuilder().setSessionId("mine").setForce(true).build());
    assertThat(callers.get(BLUE, "mine").getEndTime()).isEqualTo(blue.getEndTime());
    assertThat(server.sessions().get(GetRequest.newBuilder().setName("work").build()).hasSession())
        .isTrue();
    Refused.by(() -> callers.get(RED, "mine")).with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    Refused.by(() -> callers.create(RED, CatSessions.request().setSessionId("mine")))
        .with(Code.ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN);
  }

  @Test
  void promptsOfTwoTenantsUnderOneRequestIdAreTwo() {
    for (Caller caller : List.of(BLUE, RED)) {
      callers.create(caller, CreateRequest.newBuilder().setTool("bash").setSessionId("shell"));
    }
    final SendPromptRequest request =
        SendPromptRequest.newBuilder()
            .setSessionId("shell")
            .setPrompt("true")
            .setRequestId("r")
            .build();
    final String blue = callers.as(BLUE).sendPrompt(request).getTurn().getId();
    final String red = callers.as(RED).sendPrompt(request).getTurn().getId();
    assertThat(red).isNotEqualTo(blue);
    assertThat(callers.as(BLUE).sendPrompt(request).getTurn().getId()).isEqualTo(blue);
    assertThat(callers.as(RED).sendPrompt(request).getTurn().getId()).isEqualTo(red);
    Refused.by(() ->
            callers
                .as(RED)
                .getTurn(GetTurnRequest.newBuilder().setSessionId("shell").setTurnId(blue).build()))
        .with(Code.NOT_FOUND, dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_FOUND);
  }

  @Test
  void listsShowTheTenantsOwnAndTheirPageTokensAreGoodForNoOther() {
    for (int i = 0; i < 3; i++) {
      callers.create(BLUE, ended().setName("b" + i));
      callers.create(RED, ended().setName("r" + i));
    }
    final ListRequest page = ListRequest.newBuilder().setPageSize(2).build();
    final ListResponse first = callers.as(BLUE).list(page);
    assertThat(first.getSessionsList()).extracting(Session::getName).containsExactly("b0", "b1");
    final ListRequest next = page.toBuilder().setPageToken(first.getNextPageToken()).build();
    assertThat(callers.as(BLUE_BOB).list(next).getSessionsList())
        .extracting(Session::getName)
        .containsExactly("b2");
    Refused.by(() -> callers.as(RED).list(next))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_PAGE_TOKEN);
    assertThat(callers.list(with(RED, Role.ROLE_VIEWER), SessionFilter.getDefaultInstance()))
        .extracting(Session::getName)
        .containsExactly("r0", "r1", "r2");
  }

  /** The changes that a tenant's watcher is told from the beginning, up to where it has all. */
  private List<SessionChange> changes(Caller caller) {
    final List<SessionChange> changes = new ArrayList<>();
    final Iterator<WatchResponse> responses =
        callers
            .as(caller)
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .watch(WatchRequest.newBuilder().setAfterSeq(0).build());
    while (responses.hasNext()) {
      final WatchResponse response = responses.next();
      assertThat(response.hasGap()).isFalse();
      if (response.hasCaughtUp()) {
        assertThat(response.getCaughtUp().getSeq())
            .isEqualTo(changes.isEmpty() ? 0 : changes.getLast().getSeq());
        return changes;
      }
      changes.add(response.getChange());
    }
    throw new AssertionError("the stream has ended");
  }

  @Test
  void watchersAreToldOfTheirTenantAloneAndInNumbersOfItsOwn() throws Exception {
    final List<SessionChange> none = changes(RED);
    assertThat(none).isEmpty();
    for (int i = 0; i < 3; i++) {
      callers.create(BLUE, ended());
      callers.create(RED, ended());
      server.sessions().create(ended().build());
    }
    for (int round = 0; round < 2; round++) {
      for (Caller caller : List.of(BLUE, RED, Caller.ANONYMOUS)) {
        final List<SessionChange> told = changes(caller);
        assertThat(told)
            .extracting(change -> change.getSession().getTenant())
            .containsOnly(caller.tenant());
        assertThat(told.stream().map(change -> change.getSession().getId()).distinct()).hasSize(3);
        assertThat(told.stream().mapToLong(SessionChange::getSeq))
            .containsExactly(LongStream.rangeClosed(1, told.size()).boxed().toArray(Long[]::new));
      }
      restart();
    }
  }

  @Test
  void eachSubjectOfEachTenantHasItsOwnActiveSession() {
    final Session ann = callers.create(BLUE, ended());
    final Session bob = callers.create(BLUE_BOB, ended());
    final Session red = callers.create(RED, ended());
    assertThat(active(BLUE, "")).isEqualTo(ann.getId());
    assertThat(active(BLUE_BOB, "")).isEqualTo(bob.getId());
    assertThat(active(RED, "")).isEqualTo(red.getId());

    // Neither another subject, under whatever name, nor the bearer of a ticket changes it.
    setActive(BLUE_BOB, "ann", bob);
    setActive(ticket(Role.ROLE_VIEWER, bob), "", bob);
    setActive(new Caller("blue", "ann", Role.ROLE_VIEWER, bob.getId()), "", bob);
    assertThat(active(BLUE, "")).isEqualTo(ann.getId());
    Refused.by(() -> active(BLUE, "ann")).with(Code.NOT_FOUND, ERROR_REASON_NO_ACTIVE_SESSION);
    Refused.by(() -> setActive(RED, "", ann)).with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  private String active(Caller caller, String name) {
    return callers
        .as(caller)
        .getActive(GetActiveRequest.newBuilder().setCaller(name).build())
        .getSession()
        .getId();
  }

  private void setActive(Caller caller, String name, Session session) {
    final var _ =
        callers
            .as(caller)
            .setActive(
                SetActiveRequest.newBuilder()
                    .setCaller(name)
                    .setSessionId(session.getId())
                    .build());
  }

  @Test
  void aResumeTokenFindsTheTenantsOwnSession() throws Exception {
    server.close();
    server = TestServer.withTools(data, FakeAcpAgent.catalogue());
    callers = new Callers(server);
    final CreateRequest.Builder request =
        CreateRequest.newBuilder().setTool("fake").setResumeToken("token");
    final GetRequest find = GetRequest.newBuilder().setResumeToken("token").build();
    final List<Object> absent = Refused.bodyBy(() -> callers.as(RED).get(find));
    final Session blue = callers.create(BLUE, request);
    assertThat(Refused.bodyBy(() -> callers.as(RED).get(find)))
        .as("in the words of one that never was")
        .isEqualTo(absent);
    final Session red = callers.create(RED, request);
    assertThat(callers.as(BLUE).get(find).getSession().getId()).isEqualTo(blue.getId());
    assertThat(callers.as(RED).get(find).getSession().getId()).isEqualTo(red.getId());
    assertThat(callers.as(ticket(Role.ROLE_VIEWER, blue)).get(find).getSession().getId())
        .isEqualTo(blue.getId());
    final Session other = callers.create(BLUE, ended());
    Refused.by(() -> callers.as(ticket(Role.ROLE_VIEWER, other)).get(find))
        .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    assertThat(Refused.bodyBy(() -> callers.as(ticket(Role.ROLE_VIEWER, other)).get(find)))
        .isEqualTo(absent);
  }
}
