package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_NOT_ALLOWED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_UNKNOWN_TOOL;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.server.auth.Caller;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.Session;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps the sessions of two tenants apart that call the same server. */
class TwoTenantsTest {
  private static final int ACME = 20_011;
  private static final int BUILD = 20_012;

  @TempDir Path folder;

  private static Caller of(String tenant) {
    return new Caller(tenant, "ann", Role.ROLE_OWNER, null);
  }

  private static Session view(TestServer server, Caller caller, String id) {
    return server
        .sessions(caller)
        .get(GetRequest.newBuilder().setSessionId(id).build())
        .getSession();
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "box"})
  void eachHasItsOwnFoldersAndUserAndCannotReadTheOthers(String workspace) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to be other users");
    assumeTrue(PolicySessions.has("setpriv"), "needs setpriv");
    assumeTrue(PolicySessions.has("bwrap"), "needs bwrap");
    final Path world = PolicySessions.open(folder);
    final Path policy =
        Files.writeString(
            world.resolve("policy.yaml"),
            """
            tenants:
              acme: {user: %1$d, tools: [bash], default_workspace: %4$s}
              build: {user: %2$d, tools: [bash, sh], default_workspace: %4$s}
            workspaces:
              own: {isolation: own-user, roots: ['%3$s/work-{tenant}'], home: '%3$s/home-{tenant}'}
              box: {isolation: sandbox, roots: ['%3$s/work-{tenant}'], home: '%3$s/home-{tenant}'}
              same: {}
            """
                .formatted(ACME, BUILD, world, workspace));
    try (TestServer server =
        TestServer.start(world.resolve("data"), Map.of("policy", policy.toString()))) {
      final PolicySessions acme = new PolicySessions(server, of("acme"));
      final PolicySessions build = new PolicySessions(server, of("build"));
      // The same id: it is each tenant's own.
      final CreateRequest.Builder request =
          CreateRequest.newBuilder().setTool("bash").setSessionId("first");
      final Session a = acme.create(request);
      final Session b = build.create(request);
      final Path ofA = Path.of(view(server, of("acme"), "first").getWorkdir());
      final Path ofB = Path.of(view(server, of("build"), "first").getWorkdir());
      assertThat(ofA).hasParent(world.resolve("work-acme"));
      assertThat(ofB).hasParent(world.resolve("work-build"));
      assertThat(acme.output(a, "id -u; id -G; echo $USER $HOME").split("\\s+", -1))
          .containsExactly("" + ACME, "" + ACME, "acme", world + "/home-acme");
      assertThat(build.output(b, "id -u; id -G; echo $USER $HOME").split("\\s+", -1))
          .containsExactly("" + BUILD, "" + BUILD, "build", world + "/home-build");

      assertThat(acme.works(a, "echo mine > secret && cp secret ~ && cat ~/secret")).isTrue();
      assertThat(build.works(b, "echo mine > secret && cp secret ~ && cat ~/secret")).isTrue();
      assertThat(ofA.resolve("secret")).hasContent("mine");
      for (String theirs : new String[] {ofB.toString(), world + "/home-build"}) {
        assertThat(acme.works(a, "cat " + theirs + "/secret")).as(theirs).isFalse();
        assertThat(acme.works(a, "ls " + theirs)).as(theirs).isFalse();
        assertThat(acme.works(a, "touch " + theirs + "/x")).as(theirs).isFalse();
        Refused.by(() -> acme.create(CreateRequest.newBuilder().setTool("bash").setWorkdir(theirs)))
            .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
      }
      assertThat(build.works(b, "cat " + ofA + "/secret")).isFalse();
      Refused.by(() -> acme.bash("same")).with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);

      final var _ =
          server
              .sessions(of("acme"))
              .delete(DeleteRequest.newBuilder().setSessionId("first").setForce(true).build());
      assertThat(ofA).doesNotExist();
      assertThat(build.works(b, "cat secret")).isTrue();
    }
  }

  @Test
  void eachSeesAndRunsTheToolsThatAreAllowedToIt() throws Exception {
    final Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants:
              acme: {tools: [bash], default_workspace: there}
              build: {tools: [sh], default_workspace: there}
            workspaces:
              there: {prefix: [env, "WHO={tenant}/{session}"]}
            """);
    try (TestServer server =
        TestServer.start(folder.resolve("data"), Map.of("policy", policy.toString()))) {
      final var tools = server.tools().withInterceptors(HeaderCallers.as(of("build")));
      assertThat(tools.listTools(ListToolsRequest.getDefaultInstance()).getToolsList())
          .extracting(Tool::getName)
          .containsExactly("sh");
      Refused.by(() -> tools.getTool(GetToolRequest.newBuilder().setName("bash").build()))
          .with(NOT_FOUND, ERROR_REASON_UNKNOWN_TOOL);
      final PolicySessions acme = new PolicySessions(server, of("acme"));
      Refused.by(() -> acme.create(CreateRequest.newBuilder().setTool("sh")))
          .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
      final Session session =
          acme.create(CreateRequest.newBuilder().setTool("bash").setSessionId("first"));
      assertThat(acme.output(session, "echo $WHO $CLEAT_SESSION_ID"))
          .isEqualTo("acme/acme_first first");
      // Who has no entry may do nothing.
      Refused.by(() ->
              new PolicySessions(server, of("unknown"))
                  .create(CreateRequest.newBuilder().setTool("bash")))
          .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
    }
  }

  @Test
  void withoutAPolicyASecondTenantIsRefusedTheServersUserUntilTheFirstHasNoSessions()
      throws Exception {
    try (TestServer server =
        TestServer.start(folder.resolve("data"), Map.of("isolation.allow_same_user", "false"))) {
      final PolicySessions acme = new PolicySessions(server, of("acme"));
      final PolicySessions build = new PolicySessions(server, of("build"));
      final Session first = acme.bash("");
      final CreateRequest.Builder request = PolicySessions.bash().setSessionId("second");
      Refused.by(() -> build.create(request)).with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
      Refused.by(() -> build.create(PolicySessions.bash().setWorkspace("a group")))
          .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
      assertThat(acme.works(first, "true")).isTrue();
      // What it has written is still there.
      final var _ =
          server
              .sessions(of("acme"))
              .stop(StopRequest.newBuilder().setSessionId(first.getId()).build());
      Refused.by(() -> build.create(request)).with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
      final var _ =
          server
              .sessions(of("acme"))
              .delete(DeleteRequest.newBuilder().setSessionId(first.getId()).build());
      assertThat(build.works(build.create(request), "true")).isTrue();
    }
  }

  @Test
  void aSessionOfTimesWhenItWasAllowedIsNotStartedAgain() throws Exception {
    final Path data = folder.resolve("data");
    try (TestServer server = TestServer.start(data)) {
      final var _ = new PolicySessions(server, of("acme")).bash("");
      final var _ =
          new PolicySessions(server, of("build"))
              .create(PolicySessions.bash().setSessionId("second"));
    }
    try (TestServer server = TestServer.start(data, Map.of("isolation.allow_same_user", "false"))) {
      Refused.by(() ->
              server
                  .sessions(of("build"))
                  .restart(RestartRequest.newBuilder().setSessionId("second").build()))
          .with(FAILED_PRECONDITION, ERROR_REASON_NOT_ALLOWED);
    }
  }
}
