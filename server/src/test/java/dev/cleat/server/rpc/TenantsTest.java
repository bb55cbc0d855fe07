package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NAME_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NO_ACTIVE_SESSION;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_PERMISSION_DENIED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_ID_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionView;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.StopResponse;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.UpdateRequest;
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

/** Tenants that know nothing of each other, and callers that may not do everything within one. */
class TenantsTest {
  private static final Caller BLUE = new Caller("blue", "ann", Role.ROLE_OWNER, null);
  private static final Caller BLUE_BOB = new Caller("blue", "bob", Role.ROLE_OWNER, null);
  private static final Caller BLUE_ADMIN = new Caller("blue", "root", Role.ROLE_ADMIN, null);
  private static final Caller RED = new Caller("red", "ann", Role.ROLE_OWNER, null);

  @TempDir Path data;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(data);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private SessionServiceBlockingStub as(Caller caller) {
    return server.sessions(caller);
  }

  private static CreateRequest.Builder cat() {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("cat");
  }

  private static CreateRequest.Builder ended() {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("true");
  }

  private Session create(Caller caller, CreateRequest.Builder request) {
    return as(caller).create(request.build()).getSession();
  }

  private Session get(Caller caller, String id) {
    return as(caller).get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  private static Caller with(Caller caller, Role role) {
    return new Caller(caller.tenant(), caller.subject(), role, null);
  }

  private static Caller ticket(Role role, Session session) {
    return new Caller(session.getTenant(), "ticket", role, session.getId());
  }

  // Names, ids, request ids.

  @Test
  void sessionsBelongToTheTenantAndAreOwnedByTheSubjectThatCreatedThem() throws Exception {
    final Session session = create(BLUE, ended().setName("n"));
    assertThat(session.getTenant()).isEqualTo("blue");
    assertThat(session.getOwner()).isEqualTo("ann");
    final Session anonymous = server.sessions().create(ended().build()).getSession();
    assertThat(anonymous.getTenant()).isEqualTo("default");
    assertThat(anonymous.getOwner()).isEqualTo("anonymous");
    final Session listed = list(BLUE, SessionFilter.getDefaultInstance()).getFirst();
    assertThat(List.of(listed.getTenant(), listed.getOwner())).containsExactly("blue", "ann");

    server.close();
    server = TestServer.start(data);
    assertThat(get(BLUE, session.getId()).getOwner()).isEqualTo("ann");
    assertThat(get(BLUE, session.getId()).getTenant()).isEqualTo("blue");
    assertThat(server.sessions().list(ListRequest.getDefaultInstance()).getSessionsList())
        .extracting(Session::getId)
        .containsExactly(anonymous.getId());
  }

  @Test
  void idsNamesAndRequestIdsAreTheTenantsOwn() {
    final CreateRequest.Builder request =
        cat().setSessionId("mine").setName("work").setRequestId("r");
    final Session blue = create(BLUE, request);
    final CreateResponse red = as(RED).create(request.build());
    final CreateResponse first = server.sessions().create(request.build());
    assertThat(red.getCreated()).isTrue();
    assertThat(first.getCreated()).isTrue();
    assertThat(List.of(blue.getId(), red.getSession().getId(), first.getSession().getId()))
        .containsOnly("mine");

    // A retry finds its own.
    final CreateResponse again = as(RED).create(request.build());
    assertThat(again.getCreated()).isFalse();
    assertThat(again.getSession().getTenant()).isEqualTo("red");
    assertThat(again.getSession().getWorkdir()).isNotEqualTo(blue.getWorkdir());
    final CreateResponse named =
        as(BLUE).create(cat().setName("work").setGetOrCreate(true).build());
    assertThat(named.getSession().getTenant()).isEqualTo("blue");

    Refused.by(() -> create(BLUE, cat().setSessionId("mine")))
        .with(Code.ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN);
    Refused.by(() -> create(RED, cat().setName("work")))
        .with(Code.ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN)
        .metadata("session_id", "mine");

    // What happens to one happens to no other.
    as(RED).delete(DeleteRequest.newBuilder().setSessionId("mine").setForce(true).build());
    assertThat(get(BLUE, "mine").getEndTime()).isEqualTo(blue.getEndTime());
    assertThat(server.sessions().get(GetRequest.newBuilder().setName("work").build()).hasSession())
        .isTrue();
    Refused.by(() -> get(RED, "mine")).with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    Refused.by(() -> create(RED, cat().setSessionId("mine")))
        .with(Code.ALREADY_EXISTS, ERROR_REASON_SESSION_ID_TAKEN);
  }

  @Test
  void promptsOfTwoTenantsUnderOneRequestIdAreTwo() {
    for (Caller caller : List.of(BLUE, RED)) {
      create(caller, CreateRequest.newBuilder().setTool("bash").setSessionId("shell"));
    }
    final SendPromptRequest request =
        SendPromptRequest.newBuilder()
            .setSessionId("shell")
            .setPrompt("true")
            .setRequestId("r")
            .build();
    final String blue = as(BLUE).sendPrompt(request).getTurn().getId();
    final String red = as(RED).sendPrompt(request).getTurn().getId();
    assertThat(red).isNotEqualTo(blue);
    assertThat(as(BLUE).sendPrompt(request).getTurn().getId()).isEqualTo(blue);
    assertThat(as(RED).sendPrompt(request).getTurn().getId()).isEqualTo(red);
    Refused.by(() ->
            as(RED)
                .getTurn(GetTurnRequest.newBuilder().setSessionId("shell").setTurnId(blue).build()))
        .with(Code.NOT_FOUND, dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_FOUND);
  }

  @Test
  void aParentOfAnotherTenantOrOfAnotherOwnerCannotBeHad() {
    final Session parent = create(BLUE, cat().setSessionId("parent"));
    Refused.by(() -> create(RED, cat().setParentId("parent")))
        .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND)
        .metadata("parent_id", "parent");
    denied("APPROVER", "OWNER", () -> create(BLUE_BOB, cat().setParentId("parent")));

    create(RED, cat().setSessionId("parent"));
    final Session ofRed = create(RED, cat().setParentId("parent"));
    final Session ofBlue = create(BLUE, cat().setParentId("parent"));
    final Session ofRoot = create(BLUE_ADMIN, cat().setParentId("parent"));
    final SessionFilter children = SessionFilter.newBuilder().setParentId("parent").build();
    assertThat(ids(list(RED, children))).containsExactly(ofRed.getId());
    assertThat(ids(list(BLUE, children))).containsExactly(ofBlue.getId(), ofRoot.getId());

    final DeleteRequest delete =
        DeleteRequest.newBuilder().setSessionId(parent.getId()).setForce(true).build();
    denied("APPROVER", "OWNER", () -> as(BLUE).delete(delete));
    assertThat(ids(list(BLUE, children))).hasSize(2);
    assertThat(as(BLUE_ADMIN).delete(delete).getSessionIdsList())
        .containsExactlyInAnyOrder("parent", ofBlue.getId(), ofRoot.getId());
    assertThat(ids(list(RED, children))).containsExactly(ofRed.getId());
  }

  private static List<String> ids(List<Session> sessions) {
    return sessions.stream().map(Session::getId).toList();
  }

  private static void denied(
      String role, String needed, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    Refused.by(call)
        .with(Code.PERMISSION_DENIED, ERROR_REASON_PERMISSION_DENIED)
        .metadata("role", role)
        .metadata("needed_role", needed);
  }

  @Test
  void aModelIsTakenOverOnlyWhereTheCallerMayChangeIt() {
    create(BLUE, cat().setName("n").setModel("one"));
    final CreateRequest.Builder same = cat().setName("n").setGetOrCreate(true);
    assertThat(create(BLUE_BOB, same.setModel("one")).getModel()).isEqualTo("one");
    denied("APPROVER", "OWNER", () -> create(BLUE_BOB, same.setModel("two")));
    assertThat(create(BLUE, same).getModel()).isEqualTo("two");
  }

  // Lists, filters, watching.

  private List<Session> list(Caller caller, SessionFilter filter) {
    return as(caller)
        .list(
            ListRequest.newBuilder()
                .setFilter(filter)
                .setView(SessionView.SESSION_VIEW_FULL)
                .build())
        .getSessionsList();
  }

  @Test
  void listsShowTheTenantsOwnAndTheirPageTokensAreGoodForNoOther() {
    for (int i = 0; i < 3; i++) {
      create(BLUE, ended().setName("b" + i));
      create(RED, ended().setName("r" + i));
    }
    final ListRequest page = ListRequest.newBuilder().setPageSize(2).build();
    final ListResponse first = as(BLUE).list(page);
    assertThat(first.getSessionsList()).extracting(Session::getName).containsExactly("b0", "b1");
    final ListRequest next = page.toBuilder().setPageToken(first.getNextPageToken()).build();
    assertThat(as(BLUE_BOB).list(next).getSessionsList())
        .extracting(Session::getName)
        .containsExactly("b2");
    Refused.by(() -> as(RED).list(next))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_PAGE_TOKEN);
    assertThat(list(with(RED, Role.ROLE_VIEWER), SessionFilter.getDefaultInstance()))
        .extracting(Session::getName)
        .containsExactly("r0", "r1", "r2");
  }

  @Test
  void filtersOfStopAndDeleteMatchWhatTheCallerMayStopAndDelete() {
    final String ann = create(BLUE, cat()).getId();
    final String bob = create(BLUE_BOB, cat()).getId();
    final String red = create(RED, cat()).getId();
    final StopRequest all =
        StopRequest.newBuilder().setFilter(SessionFilter.getDefaultInstance()).build();
    denied("APPROVER", "OWNER", () -> as(with(BLUE, Role.ROLE_APPROVER)).stop(all));
    assertThat(stopped(as(ticket(Role.ROLE_OWNER, get(BLUE, bob))).stop(all))).containsExactly(bob);
    assertThat(stopped(as(BLUE).stop(all))).containsExactly(ann);
    assertThat(stopped(as(BLUE_ADMIN).stop(all))).containsExactly(ann, bob);
    assertThat(get(RED, red).getEndTime().getSeconds()).isZero();

    final DeleteRequest delete =
        DeleteRequest.newBuilder().setFilter(SessionFilter.getDefaultInstance()).build();
    assertThat(as(BLUE_BOB).delete(delete).getSessionIdsList()).containsExactly(bob);
    assertThat(as(BLUE_ADMIN).delete(delete).getSessionIdsList()).containsExactly(ann);
    assertThat(get(RED, red).getId()).isEqualTo(red);
  }

  private static List<String> stopped(StopResponse response) {
    return response.getSessionsList().stream().map(Session::getId).toList();
  }

  /** The changes that a tenant's watcher is told from the beginning, up to where it has all. */
  private List<SessionChange> changes(Caller caller) {
    final List<SessionChange> changes = new ArrayList<>();
    final Iterator<WatchResponse> responses =
        as(caller)
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
      create(BLUE, ended());
      create(RED, ended());
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
      server.close();
      server = TestServer.start(data);
    }
  }

  @Test
  void eachSubjectOfEachTenantHasItsOwnActiveSession() {
    final Session ann = create(BLUE, ended());
    final Session bob = create(BLUE_BOB, ended());
    final Session red = create(RED, ended());
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
    return as(caller)
        .getActive(GetActiveRequest.newBuilder().setCaller(name).build())
        .getSession()
        .getId();
  }

  private void setActive(Caller caller, String name, Session session) {
    final var _ =
        as(caller)
            .setActive(
                SetActiveRequest.newBuilder()
                    .setCaller(name)
                    .setSessionId(session.getId())
                    .build());
  }

  @Test
  void aResumeTokenFindsTheTenantsOwnSession() throws Exception {
    final Path catalogue = data.resolveSibling("tools-of-tenants.yaml");
    java.nio.file.Files.writeString(catalogue, FakeAcpAgent.catalogue());
    server.close();
    server = TestServer.start(data, java.util.Map.of("catalogue", catalogue.toString()));
    final CreateRequest.Builder request =
        CreateRequest.newBuilder().setTool("fake").setResumeToken("token");
    final Session blue = create(BLUE, request);
    final Session red = create(RED, request);
    final GetRequest find = GetRequest.newBuilder().setResumeToken("token").build();
    assertThat(as(BLUE).get(find).getSession().getId()).isEqualTo(blue.getId());
    assertThat(as(RED).get(find).getSession().getId()).isEqualTo(red.getId());
    assertThat(as(ticket(Role.ROLE_VIEWER, blue)).get(find).getSession().getId())
        .isEqualTo(blue.getId());
    final Session other = create(BLUE, ended());
    Refused.by(() -> as(ticket(Role.ROLE_VIEWER, other)).get(find))
        .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  // Attach.

  private AttachStream attach(Caller caller, AttachOpen.Builder open) {
    return new AttachStream(
        server.streams(caller), AttachRequest.newBuilder().setOpen(open).build());
  }

  private static AttachOpen.Builder open(Session session) {
    return AttachOpen.newBuilder().setSessionId(session.getId());
  }

  private static AttachRequest typing(String text) {
    return AttachRequest.newBuilder()
        .setInput(Input.newBuilder().setInputSeq(1).setData(ByteString.copyFromUtf8(text)))
        .build();
  }

  @Test
  void aViewerAttachesAndDoesNotType() {
    final Session session = create(BLUE, cat());
    final Caller viewer = with(BLUE, Role.ROLE_VIEWER);
    final TerminalSize size = TerminalSize.newBuilder().setRows(2).setColumns(20).build();
    for (AttachRequest first :
        List.of(typing("no\n"), AttachRequest.newBuilder().setResize(size).build())) {
      final AttachStream watching = attach(viewer, open(session));
      watching.await(s -> s.responses().stream().anyMatch(AttachResponse::hasCaughtUp));
      watching.requests().onNext(first);
      assertDenied(watching);
    }
    assertDenied(attach(viewer, open(session).setWriterId("w")));
    assertDenied(attach(viewer, open(session).setSize(size)));

    final AttachStream readOnly = attach(viewer, open(session).setReadOnly(true).setSize(size));
    final AttachStream writer = attach(with(BLUE_BOB, Role.ROLE_WRITER), open(session));
    writer.await(s -> s.responses().stream().anyMatch(AttachResponse::hasCaughtUp));
    writer.requests().onNext(typing("yes\n"));
    readOnly.awaitText("yes\r\nyes\r\n");
    assertThat(get(BLUE, session.getId()).getSize().getRows()).isEqualTo(24);
    readOnly.requests().onNext(typing("no\n"));
    readOnly.await(s -> s.error().isPresent());
    assertThat(readOnly.text()).doesNotContain("no");
  }

  private static void assertDenied(AttachStream stream) {
    stream.await(s -> s.error().isPresent());
    Refused.of(stream.error().orElseThrow())
        .with(Code.PERMISSION_DENIED, ERROR_REASON_PERMISSION_DENIED)
        .metadata("role", "VIEWER")
        .metadata("needed_role", "WRITER");
  }

  @Test
  void aTicketReachesItsSessionAlsoByNameAndNoOther() {
    final Session its = create(BLUE, cat().setName("its"));
    create(BLUE, cat().setName("other"));
    final Caller ticket = ticket(Role.ROLE_OWNER, its);
    assertThat(as(ticket).get(GetRequest.newBuilder().setName("its").build()).getSession().getId())
        .isEqualTo(its.getId());
    final Refused other =
        Refused.by(() -> as(ticket).get(GetRequest.newBuilder().setName("other").build()));
    other.with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    final Refused absent =
        Refused.by(() -> as(ticket).get(GetRequest.newBuilder().setName("never").build()));
    assertThat(other.message().replace("other", "never")).isEqualTo(absent.message());

    assertThat(
            as(ticket)
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(its.getId())
                        .setSession(Session.newBuilder().setModel("m"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("model"))
                        .build())
                .getSession()
                .getModel())
        .isEqualTo("m");
    final Refused taken =
        Refused.by(() ->
            as(ticket)
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(its.getId())
                        .setSession(Session.newBuilder().setName("other"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                        .build()));
    taken.with(Code.ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN);
    assertThat(taken.infos().getFirst().getMetadataMap()).doesNotContainKey("session_id");

    final Session child = create(BLUE, cat().setParentId(its.getId()));
    final DeleteRequest delete =
        DeleteRequest.newBuilder().setSessionId(its.getId()).setForce(true).build();
    denied("NONE", "OWNER", () -> as(ticket).delete(delete));
    assertThat(as(BLUE).delete(delete).getSessionIdsList())
        .containsExactlyInAnyOrder(its.getId(), child.getId());
    Refused.by(() -> get(ticket, its.getId())).with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  @Test
  void whatWasCreatedWithoutACredentialIsNobodysForThoseWhoHaveOne() {
    final Session session = server.sessions().create(cat().build()).getSession();
    final Caller owner = new Caller(Caller.DEFAULT_TENANT, "ann", Role.ROLE_OWNER, null);
    final StopRequest stop = StopRequest.newBuilder().setSessionId(session.getId()).build();
    denied("APPROVER", "OWNER", () -> as(owner).stop(stop));
    assertThat(stopped(as(with(owner, Role.ROLE_ADMIN)).stop(stop)))
        .containsExactly(session.getId());
  }
}
