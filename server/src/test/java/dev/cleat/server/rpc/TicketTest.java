package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.AccessServiceGrpc.AccessServiceBlockingStub;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.CreateTicketResponse;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.WhoAmIRequest;
import dev.cleat.v1.WhoAmIResponse;
import io.grpc.Channel;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tickets, from the backend that asks for one to the front end that uses it. */
class TicketTest {
  @TempDir Path folder;
  private TestServer server;
  private String session;

  @BeforeEach
  void start() throws Exception {
    final Path tokens =
        Bearer.write(
            folder.resolve("tokens.yaml"),
            "tokens:\n"
                + Bearer.entry("ann", "default", "owner", "secret-o", "")
                + Bearer.entry("ada", "default", "approver", "secret-a", ""));
    server = TestServer.start(folder.resolve("data"), Map.of("auth.tokens", tokens.toString()));
    session =
        SessionServiceGrpc.newBlockingStub(owner())
            .create(CreateRequest.newBuilder().setTool("sh").setName("mine").build())
            .getSession()
            .getId();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Channel owner() {
    return Bearer.token(server.channel(), "secret-o");
  }

  private static AccessServiceBlockingStub access(Channel channel) {
    return AccessServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private CreateTicketResponse ticket(Role role) {
    return access(owner())
        .createTicket(CreateTicketRequest.newBuilder().setName("mine").setRole(role).build());
  }

  private WhoAmIResponse whoAmI(String token) {
    return access(Bearer.token(server.channel(), token)).whoAmI(WhoAmIRequest.getDefaultInstance());
  }

  private void assertRevoked(String token) {
    Refused.by(() -> whoAmI(token))
        .with(Status.Code.UNAUTHENTICATED, ErrorReason.ERROR_REASON_UNAUTHENTICATED);
  }

  @Test
  void aTicketIsForItsSessionAndItsRole() {
    final Instant before = Instant.now();
    final CreateTicketResponse made = ticket(Role.ROLE_APPROVER);

    assertThat(made.getExpireTime().getSeconds())
        .isBetween(before.getEpochSecond() + 900, Instant.now().getEpochSecond() + 901);
    assertThat(whoAmI(made.getTicket()))
        .isEqualTo(
            WhoAmIResponse.newBuilder()
                .setTenant("default")
                .setSubject("ticket:ann")
                .setRole(Role.ROLE_APPROVER)
                .setSessionId(session)
                .setExpireTime(made.getExpireTime())
                .build());
  }

  @Test
  void aTicketEndsWithTheSessionAndDoesNotComeBackWithItsNextRun() {
    final String ticket = ticket(Role.ROLE_VIEWER).getTicket();
    final var sessions = SessionServiceGrpc.newBlockingStub(owner());

    sessions.stop(StopRequest.newBuilder().setSessionId(session).build());
    assertRevoked(ticket);
    Refused.by(() -> ticket(Role.ROLE_VIEWER))
        .with(Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_WRONG_STATE)
        .metadata("session_id", session);

    sessions.restart(RestartRequest.newBuilder().setSessionId(session).build());
    assertRevoked(ticket);
    assertThat(whoAmI(ticket(Role.ROLE_VIEWER).getTicket()).getSessionId()).isEqualTo(session);
  }

  @Test
  void nobodyGivesOutMoreThanHeMay() {
    final CreateTicketRequest request =
        CreateTicketRequest.newBuilder().setName("mine").setRole(Role.ROLE_VIEWER).build();
    Refused.by(() -> access(Bearer.token(server.channel(), "secret-a")).createTicket(request))
        .with(Status.Code.PERMISSION_DENIED, ErrorReason.ERROR_REASON_PERMISSION_DENIED)
        .metadata("role", "APPROVER")
        .metadata("needed_role", "OWNER");
    final String ticket = ticket(Role.ROLE_APPROVER).getTicket();
    Refused.by(() -> access(Bearer.token(server.channel(), ticket)).createTicket(request))
        .with(Status.Code.PERMISSION_DENIED, ErrorReason.ERROR_REASON_PERMISSION_DENIED);
  }

  @Test
  void whatIsWrongWithARequestIsNamed() {
    for (Role role : new Role[] {Role.ROLE_UNSPECIFIED, Role.ROLE_ADMIN}) {
      Refused.by(() -> ticket(role))
          .with(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REQUEST)
          .field("role");
    }
    for (long seconds : new long[] {0, -1, 86_401}) {
      final CreateTicketRequest request =
          CreateTicketRequest.newBuilder()
              .setName("mine")
              .setRole(Role.ROLE_VIEWER)
              .setTtl(Duration.newBuilder().setSeconds(seconds))
              .build();
      Refused.by(() -> access(owner()).createTicket(request))
          .with(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_REQUEST)
          .field("ttl");
    }
    Refused.by(() ->
            access(owner())
                .createTicket(
                    CreateTicketRequest.newBuilder()
                        .setName("nobody's")
                        .setRole(Role.ROLE_VIEWER)
                        .build()))
        .with(Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_SESSION_NOT_FOUND);
  }

  @Test
  void aTicketOutlivesTheServerOnlyAsLongAsItsSession() throws Exception {
    final String ticket = ticket(Role.ROLE_VIEWER).getTicket();
    server.close();
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("auth.tokens", folder.resolve("tokens.yaml").toString()));

    assertRevoked(ticket);
  }
}
