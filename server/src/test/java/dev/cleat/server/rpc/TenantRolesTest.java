package dev.cleat.server.rpc;

import static dev.cleat.server.rpc.Callers.BLUE;
import static dev.cleat.server.rpc.Callers.BLUE_ADMIN;
import static dev.cleat.server.rpc.Callers.BLUE_BOB;
import static dev.cleat.server.rpc.Callers.RED;
import static dev.cleat.server.rpc.Callers.denied;
import static dev.cleat.server.rpc.Callers.ticket;
import static dev.cleat.server.rpc.Callers.with;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_NAME_TAKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_PERMISSION_DENIED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Input;
import dev.cleat.v1.Role;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.StopResponse;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.UpdateRequest;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Callers that may not do everything within their tenant, and nothing in another. */
class TenantRolesTest {
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

  @Test
  void aParentOfAnotherTenantOrOfAnotherOwnerCannotBeHad() {
    final List<Object> absent =
        Refused.bodyBy(() -> callers.create(RED, CatSessions.request().setParentId("parent")));
    final Session parent = callers.create(BLUE, CatSessions.request().setSessionId("parent"));
    assertThat(
            Refused.bodyBy(() -> callers.create(RED, CatSessions.request().setParentId("parent"))))
        .as("in the words of one that never was")
        .isEqualTo(absent);
    Refused.by(() -> callers.create(RED, CatSessions.request().setParentId("parent")))
        .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND)
        .metadata("parent_id", "parent");
    denied(
        "APPROVER",
        "OWNER",
        () -> callers.create(BLUE_BOB, CatSessions.request().setParentId("parent")));

    callers.create(RED, CatSessions.request().setSessionId("parent"));
    final Session ofRed = callers.create(RED, CatSessions.request().setParentId("parent"));
    final Session ofBlue = callers.create(BLUE, CatSessions.request().setParentId("parent"));
    final Session ofRoot = callers.create(BLUE_ADMIN, CatSessions.request().setParentId("parent"));
    final SessionFilter children = SessionFilter.newBuilder().setParentId("parent").build();
    assertThat(ids(callers.list(RED, children))).containsExactly(ofRed.getId());
    assertThat(ids(callers.list(BLUE, children))).containsExactly(ofBlue.getId(), ofRoot.getId());

    final DeleteRequest delete =
        DeleteRequest.newBuilder().setSessionId(parent.getId()).setForce(true).build();
    denied("APPROVER", "OWNER", () -> callers.as(BLUE).delete(delete));
    assertThat(ids(callers.list(BLUE, children))).hasSize(2);
    assertThat(callers.as(BLUE_ADMIN).delete(delete).getSessionIdsList())
        .containsExactlyInAnyOrder("parent", ofBlue.getId(), ofRoot.getId());
    assertThat(ids(callers.list(RED, children))).containsExactly(ofRed.getId());
  }

  private static List<String> ids(List<Session> sessions) {
    return sessions.stream().map(Session::getId).toList();
  }

  @Test
  void aModelIsTakenOverOnlyWhereTheCallerMayChangeIt() {
    callers.create(BLUE, CatSessions.request().setName("n").setModel("one"));
    final CreateRequest.Builder same = CatSessions.request().setName("n").setGetOrCreate(true);
    assertThat(callers.create(BLUE_BOB, same.setModel("one")).getModel()).isEqualTo("one");
    denied("APPROVER", "OWNER", () -> callers.create(BLUE_BOB, same.setModel("two")));
    assertThat(callers.create(BLUE, same).getModel()).isEqualTo("two");
  }

  @Test
  void filtersOfStopAndDeleteMatchWhatTheCallerMayStopAndDelete() {
    final String ann = callers.create(BLUE, CatSessions.request()).getId();
    final String bob = callers.create(BLUE_BOB, CatSessions.request()).getId();
    final String red = callers.create(RED, CatSessions.request()).getId();
    final StopRequest all =
        StopRequest.newBuilder().setFilter(SessionFilter.getDefaultInstance()).build();
    denied("APPROVER", "OWNER", () -> callers.as(with(BLUE, Role.ROLE_APPROVER)).stop(all));
    assertThat(stopped(callers.as(ticket(Role.ROLE_OWNER, callers.get(BLUE, bob))).stop(all)))
        .containsExactly(bob);
    assertThat(stopped(callers.as(BLUE).stop(all))).containsExactly(ann);
    assertThat(stopped(callers.as(BLUE_ADMIN).stop(all))).containsExactly(ann, bob);
    assertThat(callers.get(RED, red).getEndTime().getSeconds()).isZero();

    final DeleteRequest delete =
        DeleteRequest.newBuilder().setFilter(SessionFilter.getDefaultInstance()).build();
    assertThat(callers.as(BLUE_BOB).delete(delete).getSessionIdsList()).containsExactly(bob);
    assertThat(callers.as(BLUE_ADMIN).delete(delete).getSessionIdsList()).containsExactly(ann);
    assertThat(callers.get(RED, red).getId()).isEqualTo(red);
  }

  private static List<String> stopped(StopResponse response) {
    return response.getSessionsList().stream().map(Session::getId).toList();
  }

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
    final Session session = callers.create(BLUE, CatSessions.request());
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
    assertThat(callers.get(BLUE, session.getId()).getSize().getRows()).isEqualTo(24);
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
    final Session its = callers.create(BLUE, CatSessions.request().setName("its"));
    callers.create(BLUE, CatSessions.request().setName("other"));
    final Caller ticket = ticket(Role.ROLE_OWNER, its);
    assertThat(
            callers
                .as(ticket)
                .get(GetRequest.newBuilder().setName("its").build())
                .getSession()
                .getId())
        .isEqualTo(its.getId());
    final Refused other =
        Refused.by(() -> callers.as(ticket).get(GetRequest.newBuilder().setName("other").build()));
    other.with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
    final Refused absent =
        Refused.by(() -> callers.as(ticket).get(GetRequest.newBuilder().setName("never").build()));
    assertThat(other.message().replace("other", "never")).isEqualTo(absent.message());

    assertThat(
            callers
                .as(ticket)
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
            callers
                .as(ticket)
                .update(
                    UpdateRequest.newBuilder()
                        .setSessionId(its.getId())
                        .setSession(Session.newBuilder().setName("other"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                        .build()));
    taken.with(Code.ALREADY_EXISTS, ERROR_REASON_NAME_TAKEN);
    assertThat(taken.infos().getFirst().getMetadataMap()).doesNotContainKey("session_id");

    final Session child = callers.create(BLUE, CatSessions.request().setParentId(its.getId()));
    final DeleteRequest delete =
        DeleteRequest.newBuilder().setSessionId(its.getId()).setForce(true).build();
    denied("NONE", "OWNER", () -> callers.as(ticket).delete(delete));
    assertThat(callers.as(BLUE).delete(delete).getSessionIdsList())
        .containsExactlyInAnyOrder(its.getId(), child.getId());
    Refused.by(() -> callers.get(ticket, its.getId()))
        .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  @Test
  void whatWasCreatedWithoutACredentialIsNobodysForThoseWhoHaveOne() {
    final Session session = server.sessions().create(CatSessions.request().build()).getSession();
    final Caller owner = new Caller(Caller.DEFAULT_TENANT, "ann", Role.ROLE_OWNER, null);
    final StopRequest stop = StopRequest.newBuilder().setSessionId(session.getId()).build();
    denied("APPROVER", "OWNER", () -> callers.as(owner).stop(stop));
    assertThat(stopped(callers.as(with(owner, Role.ROLE_ADMIN)).stop(stop)))
        .containsExactly(session.getId());
  }
}
