package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.auth.Ticket;
import dev.cleat.server.auth.Tickets;
import dev.cleat.server.session.Ledger;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Times;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.CreateTicketResponse;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.GetQuotasRequest;
import dev.cleat.v1.GetQuotasResponse;
import dev.cleat.v1.Quota;
import dev.cleat.v1.Role;
import dev.cleat.v1.WhoAmIRequest;
import dev.cleat.v1.WhoAmIResponse;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The calls of the access service. */
final class AccessRpc {
  private static final Duration DEFAULT_TTL = Duration.ofMinutes(15);
  private static final Duration SHORTEST_TTL = Duration.ofSeconds(1);
  private static final Duration LONGEST_TTL = Duration.ofHours(24);

  private static final Set<Role> GIVEN_OUT =
      EnumSet.of(Role.ROLE_VIEWER, Role.ROLE_WRITER, Role.ROLE_APPROVER, Role.ROLE_OWNER);

  private final Tickets tickets;

  AccessRpc(Tickets tickets) {
    this.tickets = tickets;
  }

  CreateTicketResponse createTicket(Reach reach, CreateTicketRequest request) {
    final Caller caller = CallerContext.current();
    final Session session = reach.session(request.getSessionId(), request.getName());
    final Duration ttl = ttl(request);
    if (caller.ticketSession() != null) {
      throw Refusal.of(
              Code.PERMISSION_DENIED,
              ErrorReason.ERROR_REASON_PERMISSION_DENIED,
              "a ticket gives out no tickets")
          .with("role", word(caller.role()))
          .with("needed_role", "OWNER");
    }
    final dev.cleat.v1.Session seen = session.view();
    if (session.isOver()) {
      throw Refusal.of(
              Code.FAILED_PRECONDITION,
              ErrorReason.ERROR_REASON_WRONG_STATE,
              "the session has ended, and so would every ticket to it; restart it first")
          .with("session_id", session.id())
          .with("state", seen.getState().name());
    }
    final Ticket ticket =
        tickets.issue(caller, session.id(), seen.getRun(), request.getRole(), ttl);
    return CreateTicketResponse.newBuilder()
        .setTicket(ticket.text())
        .setExpireTime(Times.timestamp(ticket.expires()))
        .build();
  }

  private static Duration ttl(CreateTicketRequest request) {
    final Checks checks =
        new Checks()
            .duration("ttl", request.hasTtl(), request.getTtl())
            .require(
                GIVEN_OUT.contains(request.getRole()),
                "role",
                "must be ROLE_VIEWER, ROLE_WRITER, ROLE_APPROVER or ROLE_OWNER");
    checks.done();
    final Duration ttl = request.hasTtl() ? Times.duration(request.getTtl()) : DEFAULT_TTL;
    checks
        .require(
            ttl.compareTo(SHORTEST_TTL) >= 0 && ttl.compareTo(LONGEST_TTL) <= 0,
            "ttl",
            "must be 1 second to 24 hours")
        .done();
    return ttl;
  }

  private static String word(Role role) {
    return role.name().replace("ROLE_", "");
  }

  static GetQuotasResponse getQuotas(Reach reach, GetQuotasRequest request) {
    final GetQuotasResponse.Builder response = GetQuotasResponse.newBuilder();
    for (Ledger.Line line : reach.quotas()) {
      final Quota.Builder quota = response.addQuotasBuilder().setName(line.quota().word());
      line.used().ifPresent(quota::setUsed);
      line.limit().ifPresent(quota::setLimit);
    }
    return response.build();
  }

  static WhoAmIResponse whoAmI(Reach reach, WhoAmIRequest request) {
    final Caller caller = CallerContext.current();
    final WhoAmIResponse.Builder response =
        WhoAmIResponse.newBuilder()
            .setTenant(caller.tenant())
            .setSubject(caller.subject())
            .setRole(caller.role());
    final @Nullable String session = caller.ticketSession();
    if (session != null) {
      response.setSessionId(session);
    }
    CallerContext.expires().ifPresent(time -> response.setExpireTime(Times.timestamp(time)));
    return response.build();
  }
}
