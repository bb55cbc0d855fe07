package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_APPROVAL_RESOLVED;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two clients that answer one question at the same moment, again and again. */
class ApprovalRaceTest {
  private static final int ROUNDS = 60;

  /** How an answer went: with the question, or with a refusal. */
  private sealed interface Result {
    record Won(Approval question) implements Result {}

    record Lost(Refused refusal) implements Result {}
  }

  @ParameterizedTest
  @ValueSource(strings = {"interval", "always"})
  void oneAnswerCountsAndTheOtherIsToldWhich(String sync, @TempDir Path folder) throws Exception {
    final Path catalogue = folder.resolve("tools.yaml");
    Files.writeString(catalogue, FakeAcpAgent.catalogue());
    final Map<String, String> settings =
        Map.of("catalogue", catalogue.toString(), "journal.sync", sync);
    try (TestServer server = TestServer.start(folder.resolve("data"), settings);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      final ManagedChannel other = server.connect();
      final String id =
          server
              .sessions()
              .create(CreateRequest.newBuilder().setTool("fake").build())
              .getSession()
              .getId();
      int allowed = 0;
      for (int round = 0; round < ROUNDS; round++) {
        allowed +=
            round(server.sessions(), SessionServiceGrpc.newBlockingStub(other), threads, id)
                ? 1
                : 0;
      }
      System.out.println(allowed + " of " + ROUNDS + " rounds were won by the one who allowed");
      other.shutdownNow();
    }
  }

  /** One question; whether it was allowed. */
  private static boolean round(
      SessionServiceBlockingStub one,
      SessionServiceBlockingStub other,
      ExecutorService threads,
      String id)
      throws Exception {
    final Turn turn =
        one.sendPrompt(SendPromptRequest.newBuilder().setSessionId(id).setPrompt("ask rm").build())
            .getTurn();
    final Approval question =
        Awaitility.await()
            .atMost(java.time.Duration.ofSeconds(60))
            .pollInterval(java.time.Duration.ofMillis(5))
            .until(
                () ->
                    one.listApprovals(ListApprovalsRequest.newBuilder().setSessionId(id).build())
                        .getApprovalsList(),
                list -> !list.isEmpty())
            .getFirst();
    final CyclicBarrier start = new CyclicBarrier(2);
    final Future<Result> allowing =
        threads.submit(
            () -> resolve(one, question, ApprovalDecision.APPROVAL_DECISION_ALLOWED, start));
    final Future<Result> denying =
        threads.submit(
            () -> resolve(other, question, ApprovalDecision.APPROVAL_DECISION_DENIED, start));
    final List<Approval> won = new ArrayList<>();
    final List<Refused> lost = new ArrayList<>();
    for (Future<Result> answer : List.of(allowing, denying)) {
      switch (answer.get()) {
        case Result.Won(Approval decided) -> won.add(decided);
        case Result.Lost(Refused refusal) -> lost.add(refusal);
      }
    }
    assertThat(won).hasSize(1);
    final String winner = won.getFirst().getAnswer().getBy();
    lost.getFirst()
        .with(Code.FAILED_PRECONDITION, ERROR_REASON_APPROVAL_RESOLVED)
        .metadata("decision", winner)
        .metadata("source", "call")
        .metadata("by", winner);
    one.waitTurn(
        WaitTurnRequest.newBuilder()
            .setSessionId(id)
            .setTurnId(turn.getId())
            .setTimeout(Duration.newBuilder().setSeconds(60))
            .build());
    final boolean allowed = winner.equals("allowed");
    assertThat(answer(one, turn))
        .isEqualTo("answer " + (allowed ? "opt-allow_once" : "opt-reject_once"));
    return allowed;
  }

  private static Result resolve(
      SessionServiceBlockingStub server,
      Approval question,
      ApprovalDecision decision,
      CyclicBarrier start)
      throws Exception {
    final ResolveApprovalRequest request =
        ResolveApprovalRequest.newBuilder()
            .setSessionId(question.getSessionId())
            .setApprovalId(question.getId())
            .setDecision(decision)
            .setBy(decision.name().replace("APPROVAL_DECISION_", "").toLowerCase(Locale.ROOT))
            .build();
    start.await();
    try {
      return new Result.Won(server.resolveApproval(request).getApproval());
    } catch (StatusRuntimeException e) {
      return new Result.Lost(Refused.of(e));
    }
  }

  private static String answer(SessionServiceBlockingStub server, Turn turn) {
    final StringBuilder answer = new StringBuilder();
    server
        .readEvents(
            ReadEventsRequest.newBuilder()
                .setSessionId(turn.getSessionId())
                .setPageSize(10_000)
                .build())
        .getEventsList()
        .stream()
        .map(Event::getAgentText)
        .filter(text -> text.getTurnId().equals(turn.getId()))
        .forEach(text -> answer.append(text.getText()));
    return answer.toString();
  }
}
