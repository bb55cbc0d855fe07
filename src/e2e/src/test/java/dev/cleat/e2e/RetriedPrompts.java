package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.GetTurnRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A caller that prompts a shell to write lines into a file, and repeats with the same request id
 * what the server went down over.
 *
 * <p>Safe for use by any thread.
 */
final class RetriedPrompts {
  private static final int REPEATED = 5;

  private final String sessionId;
  private final Path file;
  private final Random random;
  private final Map<String, String> answers = new LinkedHashMap<>();
  private final List<String> unanswered = new ArrayList<>();
  private int next;

  RetriedPrompts(String sessionId, Path file, long seed) throws IOException {
    this.sessionId = sessionId;
    this.file = Files.createFile(file);
    this.random = new Random(seed);
  }

  /** Prompts until the server is gone, and waits for the end of some of the turns. */
  void untilGone(SessionServiceBlockingStub server) {
    while (true) {
      String id = nextId();
      try {
        Turn turn = send(server, id);
        if (wait(server, turn).isEmpty()) {
          return;
        }
      } catch (StatusRuntimeException e) {
        assertGone(e);
        synchronized (this) {
          unanswered.add(id);
        }
        return;
      }
    }
  }

  /** It was killed, and nothing else was wrong. */
  static void assertGone(StatusRuntimeException e) {
    assertThat(e.getStatus().getCode()).as("%s", e).isEqualTo(Status.Code.UNAVAILABLE);
  }

  private synchronized String nextId() {
    return "prompt-" + next++;
  }

  private List<Turn> wait(SessionServiceBlockingStub server, Turn turn) {
    if (random.nextBoolean()) {
      return List.of(turn);
    }
    try {
      return List.of(
          server
              .waitTurn(
                  WaitTurnRequest.newBuilder()
                      .setSessionId(sessionId)
                      .setTurnId(turn.getId())
                      .build())
              .getTurn());
    } catch (StatusRuntimeException e) {
      assertGone(e);
      return List.of();
    }
  }

  /** How many have been answered. */
  synchronized int count() {
    return answers.size();
  }

  private Turn send(SessionServiceBlockingStub server, String id) {
    Turn turn =
        server
            .sendPrompt(
                SendPromptRequest.newBuilder()
                    .setSessionId(sessionId)
                    .setRequestId(id)
                    .setPrompt("echo " + id + " >> '" + file + "'")
                    .build())
            .getTurn();
    synchronized (this) {
      String before = answers.putIfAbsent(id, turn.getId());
      if (before != null) {
        assertThat(turn.getId()).as("the turn of %s", id).isEqualTo(before);
      }
    }
    return turn;
  }

  /**
   * Repeats what was not answered, and some of what was, while the session has no process: what is
   * known is answered the same, and what is not is refused.
   */
  void retryLost(SessionServiceBlockingStub server) {
    List<String> known = known();
    known.reversed().stream().limit(REPEATED).forEach(id -> send(server, id));
    for (String id : pending()) {
      try {
        send(server, id);
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
      }
    }
  }

  /** Repeats those that were not answered, now that the session has a process again. */
  void retryRunning(SessionServiceBlockingStub server) {
    pending().forEach(id -> send(server, id));
    synchronized (this) {
      unanswered.clear();
    }
  }

  private synchronized List<String> known() {
    return List.copyOf(answers.keySet());
  }

  private synchronized List<String> pending() {
    return List.copyOf(unanswered);
  }

  /** Each prompt was carried out as often as its turn says, and never twice. */
  void assertOnce(SessionServiceBlockingStub server) throws IOException {
    Map<String, Turn> turns = new LinkedHashMap<>();
    for (Map.Entry<String, String> answer : answers.entrySet()) {
      server.waitTurn(
          WaitTurnRequest.newBuilder()
              .setSessionId(sessionId)
              .setTurnId(answer.getValue())
              .build());
      turns.put(
          answer.getKey(),
          server
              .getTurn(
                  GetTurnRequest.newBuilder()
                      .setSessionId(sessionId)
                      .setTurnId(answer.getValue())
                      .build())
              .getTurn());
    }
    List<String> lines = Files.readAllLines(file);
    turns.forEach((id, turn) -> assertAgrees(id, turn, Collections.frequency(lines, id)));
    assertThat(lines).doesNotHaveDuplicates().isSubsetOf(turns.keySet());
    assertThat(turns.values().stream().map(Turn::getNumber)).doesNotHaveDuplicates();
  }

  private static void assertAgrees(String id, Turn turn, int times) {
    switch (turn.getState()) {
      case TURN_STATE_SUCCEEDED -> assertThat(times).as("%s succeeded", id).isEqualTo(1);
      case TURN_STATE_FAILED -> {
        assertThat(turn.getEndReason()).isEqualTo(TurnEndReason.TURN_END_REASON_SESSION_LOST);
        assertThat(times).as("%s was not handed over", id).isZero();
      }
      default -> {
        assertThat(turn.getState()).isEqualTo(TurnState.TURN_STATE_UNCERTAIN);
        assertThat(times).isLessThanOrEqualTo(1);
      }
    }
  }
}
