package dev.cleat.server.rpc;

import com.google.rpc.Code;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Step;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.session.Times;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CancelTurnResponse;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.GetTurnResponse;
import dev.cleat.v1.Image;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ListTurnsResponse;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SendPromptResponse;
import dev.cleat.v1.Turn;
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
  private static final int PROMPT_BYTES = 1 << 20;
  private static final int IMAGES = 10;
  private static final int IMAGE_BYTES = 3 << 20;
  private static final List<String> IMAGE_TYPES =
      List.of("image/png", "image/jpeg", "image/gif", "image/webp");
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
            .require(!request.getPrompt().isBlank(), "prompt", "must not be empty")
            .require(
                request.getPromptBytes().size() <= PROMPT_BYTES,
                "prompt",
                "may have at most " + PROMPT_BYTES + " bytes")
            .require(
                request.getPrompt().codePoints().noneMatch(TurnRpc::unwelcome),
                "prompt",
                "may have no control characters but newline and tab; SendInput types those")
            .text("request_id", request.getRequestId(), 128)
            .duration("timeout", request.hasTimeout(), request.getTimeout());
    images(checks, request.getImagesList());
    checks.done();
    final Turn turn = sessions.prompts().send(session, request);
    session.journal().awaitVisible(session.journal().nextSeq() - 1);
    return SendPromptResponse.newBuilder().setTurn(turn).build();
  }

  private static void images(Checks checks, List<Image> images) {
    checks.require(images.size() <= IMAGES, "images", "may be at most " + IMAGES);
    int bytes = 0;
    for (int i = 0; i < images.size(); i++) {
      final Image image = images.get(i);
      final String field = "images[" + i + "]";
      bytes += image.getData().size();
      checks
          .require(!image.getData().isEmpty(), field + ".data", "must not be empty")
          .require(
              IMAGE_TYPES.contains(image.getMimeType()),
              field + ".mime_type",
              "must be one of " + String.join(", ", IMAGE_TYPES));
    }
    checks.require(
        bytes <= IMAGE_BYTES, "images", "may have at most " + IMAGE_BYTES + " bytes together");
  }

  private static boolean unwelcome(int c) {
    return c != '\n' && c != '\t' && Character.isISOControl(c);
  }

  GetTurnResponse getTurn(GetTurnRequest request) {
    final Session session = session(request.getSessionId(), request.getName());
    return GetTurnResponse.newBuilder().setTurn(find(session, request.getTurnId())).build();
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

  CancelTurnResponse cancelTurn(CancelTurnRequest request) {
    final Session session = session(request.getSessionId(), request.getName());
    new Checks().require(!request.getTurnId().isEmpty(), "turn_id", "is required").done();
    return CancelTurnResponse.newBuilder()
        .setTurn(sessions.prompts().cancel(session, request.getTurnId()))
        .build();
  }
}
