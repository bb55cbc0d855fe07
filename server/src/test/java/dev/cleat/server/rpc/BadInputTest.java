package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_RUNNING;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TURN_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_WRONG_STATE;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.INVALID_ARGUMENT;
import static io.grpc.Status.Code.NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.PauseRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.ResumeRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.UpdateRequest;
import dev.cleat.v1.WaitTurnRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a caller may get wrong: each has its code, its reason and its field. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {
  private TestServer server;
  private CatSessions cats;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.start(folder);
    cats = new CatSessions(server.sessions());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void aPageTokenBelongsToItsQuery() {
    cats.created();
    cats.created();
    final ListRequest.Builder query =
        ListRequest.newBuilder().setPageSize(1).setFilter(SessionFilter.newBuilder().setTool("sh"));
    final ListResponse page = server.sessions().list(query.build());
    assertThat(page.getNextPageToken()).isNotEmpty();
    assertThat(
            server
                .sessions()
                .list(query.setPageToken(page.getNextPageToken()).build())
                .getSessionsList())
        .doesNotContainAnyElementsOf(page.getSessionsList());
    for (String token : List.of(page.getNextPageToken(), "x", "AAAA", "%%")) {
      Refused.by(() ->
              server
                  .sessions()
                  .list(ListRequest.newBuilder().setPageSize(1).setPageToken(token).build()))
          .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_PAGE_TOKEN)
          .field("page_token");
    }
  }

  @Test
  void aRunningSessionIsNotDeleted() {
    final Session session = cats.created();
    Refused.by(() ->
            server
                .sessions()
                .delete(DeleteRequest.newBuilder().setSessionId(session.getId()).build()))
        .with(FAILED_PRECONDITION, ERROR_REASON_SESSION_RUNNING)
        .metadata("session_id", session.getId());
    assertThat(
            server
                .sessions()
                .delete(
                    DeleteRequest.newBuilder().setSessionId(session.getId()).setForce(true).build())
                .getSessionIdsList())
        .containsExactly(session.getId());
  }

  @Test
  void anEndedSessionTakesNoInputAndNoPrompt() {
    final String id = cats.ended().getId();
    final Map<String, Callable<?>> refused =
        Map.of(
            "prompt",
            () ->
                server
                    .sessions()
                    .sendPrompt(
                        SendPromptRequest.newBuilder().setSessionId(id).setPrompt("x").build()),
            "input",
            () ->
                server
                    .sessions()
                    .sendInput(
                        SendInputRequest.newBuilder()
                            .setSessionId(id)
                            .setData(ByteString.copyFromUtf8("x"))
                            .build()),
            "pause",
            () -> server.sessions().pause(PauseRequest.newBuilder().setSessionId(id).build()),
            "resume",
            () -> server.sessions().resume(ResumeRequest.newBuilder().setSessionId(id).build()),
            "interrupt",
            () ->
                server
                    .sessions()
                    .interrupt(InterruptRequest.newBuilder().setSessionId(id).build()));
    refused.forEach((name, call) ->
        Refused.by(call::call)
            .with(FAILED_PRECONDITION, ERROR_REASON_WRONG_STATE)
            .metadata("state", "exited"));
  }

  @Test
  void everyCallOnADeletedSessionSaysThatItIsGone() {
    final String id = cats.ended().getId();
    server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).build());
    final List<Callable<?>> all =
        List.of(
            () -> server.sessions().get(GetRequest.newBuilder().setSessionId(id).build()),
            () ->
                server
                    .sessions()
                    .update(
                        UpdateRequest.newBuilder()
                            .setSessionId(id)
                            .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                            .build()),
            () -> server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).build()),
            () -> server.sessions().stop(StopRequest.newBuilder().setSessionId(id).build()),
            () -> server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build()),
            () -> server.sessions().pause(PauseRequest.newBuilder().setSessionId(id).build()),
            () -> server.sessions().resume(ResumeRequest.newBuilder().setSessionId(id).build()),
            () ->
                server.sessions().interrupt(InterruptRequest.newBuilder().setSessionId(id).build()),
            () ->
                server.sessions().setActive(SetActiveRequest.newBuilder().setSessionId(id).build()),
            () ->
                server.sessions().sendInput(SendInputRequest.newBuilder().setSessionId(id).build()),
            () -> server.sessions().resize(ResizeRequest.newBuilder().setSessionId(id).build()),
            () ->
                server
                    .sessions()
                    .readEvents(ReadEventsRequest.newBuilder().setSessionId(id).build()),
            () ->
                server
                    .sessions()
                    .sendPrompt(
                        SendPromptRequest.newBuilder().setSessionId(id).setPrompt("x").build()),
            () ->
                server
                    .sessions()
                    .getTurn(GetTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()),
            () ->
                server.sessions().listTurns(ListTurnsRequest.newBuilder().setSessionId(id).build()),
            () ->
                server
                    .sessions()
                    .waitTurn(WaitTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()),
            () ->
                server
                    .sessions()
                    .cancelTurn(
                        CancelTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()));
    all.forEach(call ->
        Refused.by(call::call)
            .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND)
            .metadata("session_id", id));
    server
        .attach(AttachOpen.newBuilder().setSessionId(id))
        .refused()
        .with(NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND)
        .metadata("session_id", id);
  }

  @Test
  void aTurnThatIsNotThereIsNotFound() {
    final String id = cats.created().getId();
    Refused.by(() ->
            server
                .sessions()
                .getTurn(GetTurnRequest.newBuilder().setSessionId(id).setTurnId("x").build()))
        .with(NOT_FOUND, ERROR_REASON_TURN_NOT_FOUND)
        .metadata("turn_id", "x");
  }

  @Test
  void promptsHaveNoControlCharacters() {
    final String id = cats.created().getId();
    Refused.by(() ->
            server
                .sessions()
                .sendPrompt(
                    SendPromptRequest.newBuilder()
                        .setSessionId(id)
                        .setPrompt("echo \u001b[201~")
                        .build()))
        .with(INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("prompt");
  }
}
