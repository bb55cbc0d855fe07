package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_PERMISSION_DENIED;

import dev.cleat.server.auth.Caller;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.SessionView;
import io.grpc.Status.Code;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Callers of two tenants, two of them with one name, and what they ask a server for. */
record Callers(TestServer server) {
  static final Caller BLUE = new Caller("blue", "ann", Role.ROLE_OWNER, null);
  static final Caller BLUE_BOB = new Caller("blue", "bob", Role.ROLE_OWNER, null);
  static final Caller BLUE_ADMIN = new Caller("blue", "root", Role.ROLE_ADMIN, null);
  static final Caller RED = new Caller("red", "ann", Role.ROLE_OWNER, null);

  SessionServiceBlockingStub as(Caller caller) {
    return server.sessions(caller);
  }

  Session create(Caller caller, CreateRequest.Builder request) {
    return as(caller).create(request.build()).getSession();
  }

  Session get(Caller caller, String id) {
    return as(caller).get(GetRequest.newBuilder().setSessionId(id).build()).getSession();
  }

  List<Session> list(Caller caller, SessionFilter filter) {
    return as(caller)
        .list(
            ListRequest.newBuilder()
                .setFilter(filter)
                .setView(SessionView.SESSION_VIEW_FULL)
                .build())
        .getSessionsList();
  }

  /** The caller, with another role. */
  static Caller with(Caller caller, Role role) {
    return new Caller(caller.tenant(), caller.subject(), role, null);
  }

  /** Who bears a ticket of a session. */
  static Caller ticket(Role role, Session session) {
    return new Caller(session.getTenant(), "ticket", role, session.getId());
  }

  /** The caller has this role there, and needed that one. */
  static void denied(String role, String needed, ThrowingCallable call) {
    Refused.by(call)
        .with(Code.PERMISSION_DENIED, ERROR_REASON_PERMISSION_DENIED)
        .metadata("role", role)
        .metadata("needed_role", needed);
  }
}
