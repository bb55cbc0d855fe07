package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.session.Times;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.AddUsageResponse;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CancelTurnResponse;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.GetTurnResponse;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ListTurnsResponse;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SendPromptResponse;
import dev.cleat.v1.Turn;
import dev.cleat.v1.Usage;
import dev.cleat.v1.WaitTurnRequest;
import dev.cleat.v1.WaitTurnResponse;
import io.grpc.Context;
import io.grpc.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The calls about turns. Each runs on a virtual thread of its own and may wait. */
final class TurnRpc {
  private static final int BY = 200;
  private static final int POLL_BYTES = 256 << 10;
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(10);

  private final Sessions sessions;
  private final Draining draining;

  TurnRpc(Sessions sessions, Draining draining) {
    this.sessions = sessions;
    this.draining = draining;
  }

  private Session session(String id, String name) {
    return SessionRpc.session(sessions, id, name);
  }

  SendPromptResponse sendPrompt(SendPromptRequest request)
      throws IOException, InterruptedException {
    final Session session = session(request.getSessionId(), request.getName());
    final Checks checks =
        new Checks()
            .prompt("prompt", request.getPrompt())
            .text("request_id", request.getRequestId(), 128)
            .duration("timeout", request.hasTimeout(), request.getTimeout());
    ImageChecks.check(checks, request.getImagesList());
    checks.done();
    final Turn turn = sessions.prompts().send(session, request);
    awaitVisible(session);
    return SendPromptResponse.newBuilder().setTurn(turn).build();
  }

  /** What a caller hears of is never ahead of the events that others can read. */
  private static void awaitVisible(Session session) throws IOException, InterruptedException {
    session.journal().awaitVisible(session.journal().nextSeq() - 1);
  }

  GetTurnResponse getTurn(GetTurnRequest request) throws IOException, InterruptedException {
    final Session session = session(request.getSessionId(), request.getName());
    final Turn turn = find(session, request.getTurnId());
    awaitVisible(session);
    return GetTurnResponse.newBuilder().setTurn(turn).build();
  }

  private Turn find(Session session, String turnId) {
    new Checks().require(!turnId.isEmpty(), "turn_id", "is required").done();
    return sessions.prompts().find(session, turnId);
  }

  ListTurnsResponse listTurns(ListTurnsRequest request) {
    final Session session = session(request.getSessionId(), request.getName());
    new Checks().pageSize(request.getPageSize()).done();
    final ListTurnsRequest query = request.toBuilder().clearPageSize().clearPageToken().build();
    final long before =
        request.getPageToken().isEmpty()
            ? Long.MAX_VALUE
            : PageTokens.place("ListTurns", query, request.getPageToken()).number();
    final int size = SessionRpc.pageSize(request.getPageSize());
    final List<Turn> found = sessions.turns(session, before, size + 1);
    final ListTurnsResponse.Builder response =
        ListTurnsResponse.newBuilder().addAllTurns(found.stream().limit(size).toList());
    if (found.size() > size) {
      response.setNextPageToken(
          PageTokens.of(
              "ListTurns", query, new PageTokens.Place(found.get(size - 1).getNumber(), "")));
    }
    return response.build();
  }

  WaitTurnResponse waitTurn(WaitTurnRequest request) throws IOException, InterruptedException {
    final Session session = session(request.getSessionId(), request.getName());
    new Checks().duration("timeout", request.hasTimeout(), request.getTimeout()).done();
    final long deadline =
        request.hasTimeout()
            ? System.nanoTime() + Times.duration(request.getTimeout()).toNanos()
            : Long.MAX_VALUE;
    final Cursor cursor = session.journal().cursorFromHead();
    final Runnable bell = cursor::wake;
    draining.register(bell);
    try (cursor) {
      // The cursor first: what ends after this look rings it.
      Turn turn = find(session, request.getTurnId());
      while (!Sessions.ended(turn) && await(session, cursor, deadline)) {
        turn = find(session, request.getTurnId());
      }
      awaitVisible(session);
      return WaitTurnResponse.newBuilder().setTurn(turn).build();
    } finally {
      draining.unregister(bell);
    }
  }

  /** Waits for more events; false when the time is over. */
  private boolean await(Session session, Cursor cursor, long deadline)
      throws IOException, InterruptedException {
    draining.refuse();
    if (Context.current().isCancelled()) {
      throw new InterruptedException("the caller has gone");
    }
    final long left = Math.min(left(deadline), left(Context.current().getDeadline()));
    if (left <= 0) {
      return false;
    }
    cursor.await(Duration.ofNanos(Math.min(left, LONGEST_LOOK.toNanos())));
    Step step = cursor.poll(POLL_BYTES);
    while (!(step instanceof Step.AtHead)) {
      if (step instanceof Step.Closed(boolean deleted)) {
        if (deleted) {
          throw Refusal.of(
                  Code.NOT_FOUND,
                  ErrorReason.ERROR_REASON_SESSION_NOT_FOUND,
                  "the session was deleted")
              .with("session_id", session.id());
        }
        draining.start();
        draining.refuse();
      }
      step = cursor.poll(POLL_BYTES);
    }
    return true;
  }

  private static long left(long deadline) {
    return deadline == Long.MAX_VALUE ? Long.MAX_VALUE : deadline - System.nanoTime();
  }

  private static long left(@org.jspecify.annotations.Nullable Deadline deadline) {
    return deadline == null ? Long.MAX_VALUE : deadline.timeRemaining(TimeUnit.NANOSECONDS);
  }

  AddUsageResponse addUsage(AddUsageRequest request) throws IOException, InterruptedException {
    final Session session = session(request.getSessionId(), request.getName());
    final Usage usage = request.getUsage();
    new Checks()
        .require(!request.getTurnId().isEmpty(), "turn_id", "is required")
        .require(request.hasUsage(), "usage", "is required")
        .require(
            Double.isFinite(usage.getCostUsd()) && usage.getCostUsd() >= 0,
            "usage.cost_usd",
            "must be a number, and not less than 0")
        .tokens("usage.input_tokens", usage.getInputTokens())
        .tokens("usage.cached_input_tokens", usage.getCachedInputTokens())
        .tokens("usage.output_tokens", usage.getOutputTokens())
        .text("by", request.getBy(), BY)
        .text("request_id", request.getRequestId(), 128)
        .done();
    final Turn turn = sessions.prompts().addUsage(session, request);
    awaitVisible(session);
    return AddUsageResponse.newBuilder().setTurn(turn).build();
  }

  CancelTurnResponse cancelTurn(CancelTurnRequest request)
      throws IOException, InterruptedException {
    final Session session = session(request.getSessionId(), request.getName());
    new Checks().require(!request.getTurnId().isEmpty(), "turn_id", "is required").done();
    final Turn turn = sessions.prompts().cancel(session, request.getTurnId());
    awaitVisible(session);
    return CancelTurnResponse.newBuilder().setTurn(turn).build();
  }
}
