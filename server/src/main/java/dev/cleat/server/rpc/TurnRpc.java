package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Prompts;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Times;
import dev.cleat.server.store.Page;
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
import java.util.concurrent.TimeUnit;

/** The calls about turns. Each runs on a virtual thread of its own and may wait. */
final class TurnRpc {
  private static final int BY = 200;
  private static final int POLL_BYTES = 256 << 10;
  private static final Duration LONGEST_WAIT = Duration.ofDays(36_500);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(10);

  private final Draining draining;

  TurnRpc(Draining draining) {
    this.draining = draining;
  }

  SendPromptResponse sendPrompt(Reach reach, SendPromptRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    final Checks checks =
        new Checks()
            .prompt("prompt", request.getPrompt())
            .text("request_id", request.getRequestId(), 128)
            .duration("timeout", request.hasTimeout(), request.getTimeout());
    ImageChecks.check(checks, request.getImagesList());
    checks.done();
    final Turn turn = reach.prompts().send(session, request);
    awaitVisible(session);
    return SendPromptResponse.newBuilder().setTurn(turn).build();
  }

  /** What a caller hears of is never ahead of the events that others can read. */
  private static void awaitVisible(Session session) throws IOException, InterruptedException {
    session.journal().awaitVisible(session.journal().nextSeq() - 1);
  }

  GetTurnResponse getTurn(Reach reach, GetTurnRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    final Turn turn = find(reach, session, request.getTurnId());
    awaitVisible(session);
    return GetTurnResponse.newBuilder().setTurn(turn).build();
  }

  private static Turn find(Reach reach, Session session, String turnId) {
    new Checks().require(!turnId.isEmpty(), "turn_id", "is required").done();
    return reach.prompts().find(session, turnId);
  }

  ListTurnsResponse listTurns(Reach reach, ListTurnsRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().pageSize(request.getPageSize()).done();
    final ListTurnsRequest query = request.toBuilder().clearPageSize().clearPageToken().build();
    final long before =
        request.getPageToken().isEmpty()
            ? Long.MAX_VALUE
            : reach.tokens().place("ListTurns", query, request.getPageToken()).number();
    final Page<Turn> page =
        reach.turns(
            session, before, SessionRpc.pageSize(request.getPageSize()), SessionRpc.PAGE_BYTES);
    final ListTurnsResponse.Builder response =
        ListTurnsResponse.newBuilder().addAllTurns(page.items());
    if (page.more()) {
      response.setNextPageToken(
          reach
              .tokens()
              .of(
                  "ListTurns",
                  query,
                  new PageTokens.Place(page.items().getLast().getNumber(), "")));
    }
    return response.build();
  }

  WaitTurnResponse waitTurn(Reach reach, WaitTurnRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().duration("timeout", request.hasTimeout(), request.getTimeout()).done();
    final long deadline =
        request.hasTimeout()
            ? System.nanoTime() + Times.nanos(request.getTimeout(), LONGEST_WAIT)
            : Long.MAX_VALUE;
    final Cursor cursor = session.journal().cursorFromHead();
    final Runnable bell = cursor::wake;
    draining.register(bell);
    try (cursor) {
      // The cursor first: what ends after this look rings it.
      Turn turn = find(reach, session, request.getTurnId());
      while (!Prompts.ended(turn) && await(session, cursor, deadline)) {
        turn = find(reach, session, request.getTurnId());
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

  AddUsageResponse addUsage(Reach reach, AddUsageRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
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
    final Turn turn = reach.prompts().addUsage(session, request, reach.signature(request.getBy()));
    awaitVisible(session);
    return AddUsageResponse.newBuilder().setTurn(turn).build();
  }

  CancelTurnResponse cancelTurn(Reach reach, CancelTurnRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().require(!request.getTurnId().isEmpty(), "turn_id", "is required").done();
    final Turn turn = reach.prompts().cancel(session, request.getTurnId());
    awaitVisible(session);
    return CancelTurnResponse.newBuilder().setTurn(turn).build();
  }
}
