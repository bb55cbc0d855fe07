package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_QUOTA_EXCEEDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.auth.Caller;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.Role;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many turns wait, as the tenant's quota counts them: none is counted that is gone. */
class QueuedTurnsTest {
  private static final Caller ACME = new Caller("acme", "ann", Role.ROLE_OWNER, null);

  @TempDir Path folder;
  private Path program;
  private TestServer server;
  private PolicySessions acme;

  @BeforeEach
  void start() throws Exception {
    program = Files.createSymbolicLink(folder.resolve("program"), Path.of("/bin/sh"));
    Bearer.write(
        folder.resolve("policy.yaml"),
        "tenants: {acme: {quotas: {journal_bytes: 1MiB, queued_turns: 10}}}");
    final Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              falls:
                headless: {command: [%s, -c, "echo said", sh, "{prompt}"], output: plain}
                command: [bash, -i]
                shell: bash
                turns: marks
            """
                .formatted(program));
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of(
                "policy", folder.resolve("policy.yaml").toString(),
                "catalogue", catalogue.toString(),
                "isolation.allow_same_user", "true"));
    acme = new PolicySessions(server, ACME);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private long queued() {
    return acme.quota("queued_turns").getUsed();
  }

  @Test
  void aTurnThatWaitedForAShellInPlaceOfACommandDoesNotWaitForEver() throws Exception {
    final Prompter prompter = new Prompter(server.sessions(ACME));
    final String id =
        prompter.create(
            CreateRequest.newBuilder().setTool("falls").putEnv("HOME", folder.toString()));
    prompter.run(id, "first");
    Files.delete(program);

    prompter.run(id, "echo second");

    assertThat(prompter.get(id).getPromptWay()).isEqualTo(PromptWay.PROMPT_WAY_TERMINAL);
    assertThat(queued()).isZero();
  }

  @Test
  void promptsOfASessionThatCouldNotBeMadeDoNotWait() {
    final CreateRequest request =
        PolicySessions.bash().addStartPrompts("x".repeat(1 << 20)).addStartPrompts("true").build();

    Refused.by(() -> server.sessions(ACME).create(request))
        .with(Code.RESOURCE_EXHAUSTED, ERROR_REASON_QUOTA_EXCEEDED)
        .metadata("quota", "journal_bytes");

    assertThat(queued()).isZero();
  }
}
