package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Approval;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** A caller that prompts sessions, and waits for what comes of it. */
record Prompter(SessionServiceBlockingStub sessions) {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** The id of a new session. */
  String create(CreateRequest.Builder request) {
    return sessions.create(request.build()).getSession().getId();
  }

  Session get(String sessionId) {
    return sessions.get(GetRequest.newBuilder().setSessionId(sessionId).build()).getSession();
  }

  Turn send(String sessionId, String prompt) {
    return sessions
        .sendPrompt(
            SendPromptRequest.newBuilder().setSessionId(sessionId).setPrompt(prompt).build())
        .getTurn();
  }

  /** Waits for its end. */
  Turn await(Turn turn) {
    final Turn ended =
        sessions
            .waitTurn(
                WaitTurnRequest.newBuilder()
                    .setSessionId(turn.getSessionId())
                    .setTurnId(turn.getId())
                    .setTimeout(
                        com.google.protobuf.Duration.newBuilder().setSeconds(PATIENCE.toSeconds()))
                    .build())
            .getTurn();
    assertThat(ended.hasEndTime()).as("turn has ended: %s", ended).isTrue();
    return ended;
  }

  /** Prompts, and waits for the end of the turn. */
  Turn run(String sessionId, String prompt) {
    return await(send(sessionId, prompt));
  }

  Turn cancel(Turn turn) {
    return sessions
        .cancelTurn(
            CancelTurnRequest.newBuilder()
                .setSessionId(turn.getSessionId())
                .setTurnId(turn.getId())
                .build())
        .getTurn();
  }

  /** What the agent said in a turn. */
  String answer(Turn turn) {
    return events(turn.getSessionId()).stream()
        .filter(event -> event.getAgentText().getTurnId().equals(turn.getId()))
        .map(event -> event.getAgentText().getText())
        .collect(Collectors.joining());
  }

  Approval awaitQuestion(String sessionId) {
    final ListApprovalsRequest request =
        ListApprovalsRequest.newBuilder().setSessionId(sessionId).build();
    return Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> sessions.listApprovals(request).getApprovalsList(), asked -> !asked.isEmpty())
        .getFirst();
  }

  /** All that there are. */
  List<Event> events(String sessionId) {
    final List<Event> events = new ArrayList<>();
    final ReadEventsRequest.Builder request =
        ReadEventsRequest.newBuilder().setSessionId(sessionId).setPageSize(1000);
    do {
      final ReadEventsResponse page = sessions.readEvents(request.build());
      events.addAll(page.getEventsList());
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    return events;
  }
}
