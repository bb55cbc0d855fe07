package dev.cleat.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows for tests. */
final class Rows {
  static final String TENANT = "default";
  static final byte[] SECRET = bytes("HOME=/nowhere");

  private Rows() {}

  static SessionRow session(String id) {
    return session(id, null, 0);
  }

  static SessionRow session(String id, @Nullable String name, long createdNanos) {
    return session(id, name, createdNanos, 1, 0);
  }

  static SessionRow session(
      String id, @Nullable String name, long createdNanos, long epoch, long foldedSeq) {
    return new SessionRow(
        id,
        TENANT,
        "owner",
        name,
        "bash",
        2,
        "workspace",
        null,
        false,
        createdNanos,
        "",
        Map.of("owner", id),
        foldedSeq,
        epoch,
        bytes("data of " + id),
        bytes("fold of " + id));
  }

  /** A session whose tool calls its own so. */
  static SessionRow resumable(String id, String token, long createdNanos, long foldedSeq) {
    return new SessionRow(
        id,
        TENANT,
        "owner",
        null,
        "claude",
        2,
        null,
        null,
        false,
        createdNanos,
        token,
        Map.of(),
        foldedSeq,
        1,
        bytes(token),
        bytes(""));
  }

  static void insert(Store store, SessionRow row) {
    assertThat(store.insertSession(row, SECRET, null)).isEqualTo(new InsertResult.Inserted());
  }

  static TurnRow turn(String sessionId, long number, boolean ended) {
    return new TurnRow(
        "turn-" + number, sessionId, number, ended ? 5 : 4, ended, bytes("turn " + number));
  }

  static RequestRow request(RequestRow.Kind kind, String id, String sessionId, long expires) {
    return new RequestRow(
        kind,
        TENANT,
        id,
        bytes("fingerprint"),
        sessionId,
        kind == RequestRow.Kind.PROMPT ? "turn-1" : null,
        expires);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
