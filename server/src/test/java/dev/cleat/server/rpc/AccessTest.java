package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_PERMISSION_DENIED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.AccessScope;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Role;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every call, by every role, on every kind of session: allowed exactly where the contract says. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccessTest {
  private static final String TENANT = "here";
  private static final String ME = "me";

  /**
   * What a call is refused with that was let in: of a session that is not in the state for it, and
   * asking for what there is not.
   */
  private static final Map<ErrorReason, Status.Code> BEHIND_THE_DOOR =
      Map.of(
          ErrorReason.ERROR_REASON_SESSION_RUNNING, Status.Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_WRONG_STATE, Status.Code.FAILED_PRECONDITION,
          ErrorReason.ERROR_REASON_TURN_NOT_FOUND, Status.Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_APPROVAL_NOT_FOUND, Status.Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_ARTIFACT_NOT_FOUND, Status.Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_UNKNOWN_TOOL, Status.Code.NOT_FOUND);

  /** How a caller stands to the session that it calls about. */
  private enum Relation {
    OWN,
    ANOTHERS,
    TICKETS,
    BESIDE_THE_TICKETS,
    OTHER_TENANTS,
    ABSENT
  }

  private enum Outcome {
    ALLOWED,
    DENIED,
    NOT_FOUND
  }

  private record Case(Role role, Relation relation) {}

  private TestServer server;
  private final Map<Relation, String> sessions = new EnumMap<>(Relation.class);
  private int created;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  static Stream<Contract.Call> calls() {
    return Contract.calls().stream();
  }

  static Stream<Contract.Call> aboutSessions() {
    return calls().filter(call -> call.rule().getScope() == AccessScope.ACCESS_SCOPE_SESSION);
  }

  private static Caller owner(String tenant, String subject) {
    return new Caller(tenant, subject, Role.ROLE_OWNER, null);
  }

  /** A session that ends at once. */
  private String create(String tenant, String subject) {
    created++;
    return server
        .sessions(owner(tenant, subject))
        .create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .addArgs("-c")
                .addArgs("true")
                .setSessionId("s-" + created)
                .setName("n-" + created)
                .build())
        .getSession()
        .getId();
  }

  private String session(Relation relation) {
    return sessions.computeIfAbsent(
        relation,
        r ->
            switch (r) {
              case OWN, BESIDE_THE_TICKETS -> create(TENANT, ME);
              case ANOTHERS, TICKETS -> create(TENANT, "another");
              case OTHER_TENANTS -> create("elsewhere", ME);
              case ABSENT -> "absent";
            });
  }

  private static Outcome expected(Contract.Call call, Case one) {
    final boolean ticket =
        one.relation() == Relation.TICKETS || one.relation() == Relation.BESIDE_THE_TICKETS;
    final int needed = call.rule().getRole().getNumber();
    if (call.rule().getScope() == AccessScope.ACCESS_SCOPE_CALLER) {
      return Outcome.ALLOWED;
    }
    if (one.relation() == Relation.TICKETS && call.name().equals("CreateTicket")) {
      return Outcome.DENIED;
    }
    if (call.rule().getScope() == AccessScope.ACCESS_SCOPE_TENANT) {
      return !ticket && one.role().getNumber() >= needed ? Outcome.ALLOWED : Outcome.DENIED;
    }
    final Role role =
        one.role() == Role.ROLE_OWNER && one.relation() == Relation.ANOTHERS
            ? Role.ROLE_APPROVER
            : one.role();
    return switch (one.relation()) {
      case BESIDE_THE_TICKETS, OTHER_TENANTS, ABSENT -> Outcome.NOT_FOUND;
      case OWN, ANOTHERS, TICKETS -> role.getNumber() >= needed ? Outcome.ALLOWED : Outcome.DENIED;
    };
  }

  private static Outcome outcome(Optional<StatusRuntimeException> refusal) {
    if (refusal.isEmpty()) {
      return Outcome.ALLOWED;
    }
    final Refused refused = Refused.of(refusal.get());
    assertThat(refused.infos()).as(refused.message()).hasSize(1);
    final ErrorReason reason =
        ErrorReason.valueOf("ERROR_REASON_" + refused.infos().getFirst().getReason());
    if (reason == ERROR_REASON_PERMISSION_DENIED) {
      assertThat(refused.code()).isEqualTo(Status.Code.PERMISSION_DENIED);
      assertThat(refused.infos().getFirst().getMetadataMap()).containsKeys("role", "needed_role");
      return Outcome.DENIED;
    }
    if (reason == ERROR_REASON_SESSION_NOT_FOUND) {
      assertThat(refused.code()).isEqualTo(Status.Code.NOT_FOUND);
      return Outcome.NOT_FOUND;
    }
    // Nothing else is an answer: neither a request that would not have come as far as the door, nor
    // a server that is at its limit or has failed.
    assertThat(BEHIND_THE_DOOR.get(reason)).as(refused.toString()).isEqualTo(refused.code());
    return Outcome.ALLOWED;
  }

  private static List<Case> cases() {
    final List<Case> cases = new ArrayList<>();
    for (Role role : Role.values()) {
      if (role != Role.ROLE_UNSPECIFIED && role != Role.UNRECOGNIZED) {
        Arrays.stream(Relation.values()).forEach(relation -> cases.add(new Case(role, relation)));
      }
    }
    return cases;
  }

  @Test
  void everyCallOfTheContractIsLookedAt() throws IOException {
    final List<String> declared = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of("../proto/src/main/proto/cleat/v1"))) {
      for (Path file : files.toList()) {
        Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("  rpc "))
            .forEach(line -> declared.add(line.strip().split("[ (]", -1)[1]));
      }
    }
    assertThat(calls().map(Contract.Call::name)).containsExactlyInAnyOrderElementsOf(declared);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void allowedExactlyWhereTheContractSays(Contract.Call call) {
    final AnyCall any = new AnyCall(call);
    final List<String> wrong = new ArrayList<>();
    for (Case one : cases()) {
      final Outcome expected = expected(call, one);
      final String id = session(one.relation());
      final @Nullable String ticket =
          switch (one.relation()) {
            case TICKETS -> id;
            case BESIDE_THE_TICKETS -> session(Relation.TICKETS);
            default -> null;
          };
      final Outcome outcome =
          outcome(any.by(server, new Caller(TENANT, ME, one.role(), ticket), any.request(id)));
      if (call.name().equals("Delete") && outcome == Outcome.ALLOWED) {
        sessions.remove(one.relation());
      }
      if (outcome != expected) {
        wrong.add("%s: %s instead of %s".formatted(one, outcome, expected));
      }
    }
    assertThat(wrong).as(call.name()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("aboutSessions")
  void anotherTenantsSessionIsRefusedInTheWordsOfOneThatNeverWas(Contract.Call call) {
    final AnyCall any = new AnyCall(call);
    final Caller stranger = new Caller("strangers", "they", Role.ROLE_ADMIN, null);
    final Caller ticket = new Caller(TENANT, ME, Role.ROLE_ADMIN, session(Relation.OWN));
    final int next = created + 1;
    final List<Message> requests =
        List.of(any.request("s-" + next), any.requestByName("n-" + next));
    final List<List<Object>> absent = new ArrayList<>();
    for (Message request : requests) {
      absent.add(body(any, stranger, request));
      assertThat(body(any, ticket, request)).isEqualTo(absent.getLast());
    }
    assertThat(absent).doesNotHaveDuplicates();

    final String id = create(TENANT, ME);
    assertThat(any.request(id)).isEqualTo(requests.getFirst());
    for (Caller caller : List.of(stranger, ticket)) {
      assertThat(requests).extracting(request -> body(any, caller, request)).isEqualTo(absent);
    }
    // And those whose it is reach it by both.
    if (!call.name().equals("Delete")) {
      for (Message request : requests) {
        final Caller owner = owner(TENANT, ME);
        assertThat(outcome(any.by(server, owner, request))).isEqualTo(Outcome.ALLOWED);
      }
    }
  }

  private List<Object> body(AnyCall any, Caller caller, Message request) {
    return Refused.body(any.by(server, caller, request).orElseThrow());
  }
}
