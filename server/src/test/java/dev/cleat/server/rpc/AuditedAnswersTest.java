package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Duration;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Answers to an agent's questions that no call gives: the journal has what gave them, and the audit
 * log who let it.
 */
class AuditedAnswersTest {
  private static final Caller ANN = new Caller(Caller.DEFAULT_TENANT, "ann", Role.ROLE_OWNER, null);

  @TempDir Path folder;

  /** Has an agent ask in a new session; returns its id. */
  private static String ask(TestServer server, ApprovalSettings.Builder approvals) {
    final Prompter prompter = new Prompter(server.sessions(ANN));
    final String id =
        prompter.create(CreateRequest.newBuilder().setTool("fake").setApprovals(approvals));
    prompter.run(id, "ask rm");
    return id;
  }

  private static ApprovalAnswer answer(TestServer server, String id) {
    return new Prompter(server.sessions(ANN))
        .events(id).stream()
            .filter(Event::hasApprovalResolved)
            .findFirst()
            .orElseThrow()
            .getApprovalResolved()
            .getApproval()
            .getAnswer();
  }

  @Test
  void answersOfRulesAndDeadlinesLeadToWhoLetThem() throws Exception {
    final Path audit = folder.resolve("audit.log");
    final Path catalogue =
        Files.writeString(folder.resolve("tools.yaml"), FakeAcpAgent.catalogue());
    try (TestServer server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("audit.file", audit.toString(), "catalogue", catalogue.toString()))) {
      final String ruled =
          ask(
              server,
              ApprovalSettings.newBuilder()
                  .addAutoApprove(ApprovalRule.newBuilder().setPattern("^run r")));
      final String late =
          ask(
              server,
              ApprovalSettings.newBuilder().setTimeout(Duration.newBuilder().setSeconds(1)));

      final ApprovalAnswer byRule = answer(server, ruled);
      assertThat(byRule.getDecision()).isEqualTo(ApprovalDecision.APPROVAL_DECISION_ALLOWED);
      assertThat(byRule.getSource()).isEqualTo(ApprovalSource.APPROVAL_SOURCE_RULE);
      assertThat(byRule.getBy()).isEqualTo(":^run r");
      assertThat(byRule.hasTime()).isTrue();
      final ApprovalAnswer byDeadline = answer(server, late);
      assertThat(byDeadline.getDecision()).isEqualTo(ApprovalDecision.APPROVAL_DECISION_DENIED);
      assertThat(byDeadline.getSource()).isEqualTo(ApprovalSource.APPROVAL_SOURCE_DEADLINE);
      assertThat(byDeadline.getBy()).as("it is nobody's").isEmpty();
      assertThat(byDeadline.hasTime()).isTrue();

      final List<JsonNode> records = AuditTest.records(audit);
      assertThat(approvals(records, ruled).path("auto_approve_count").asInt()).isEqualTo(1);
      assertThat(approvals(records, late).path("timeout_seconds").asDouble()).isEqualTo(1);
      assertThat(records)
          .extracting(record -> record.path("method").asText())
          .doesNotContain("SessionService/ResolveApproval");
    }
  }

  /** What ann said of approvals when she created a session, as the audit log has it. */
  private static JsonNode approvals(List<JsonNode> records, String id) {
    return records.stream()
        .filter(record -> record.path("method").asText().equals("SessionService/Create"))
        .filter(record -> record.path("session").asText().equals(id))
        .filter(record -> record.path("subject").asText().equals("ann"))
        .findFirst()
        .orElseThrow()
        .path("request")
        .path("approvals");
  }
}
