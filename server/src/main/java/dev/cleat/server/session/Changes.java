package dev.cleat.server.session;

import dev.cleat.v1.Event;
import dev.cleat.v1.SessionChangeKind;
import org.jspecify.annotations.Nullable;

/** What an event of a session's journal means to those who watch all sessions. */
final class Changes {
  private Changes() {}

  /** The kind of change, or null when watchers are not told. */
  static @Nullable SessionChangeKind kind(Event event) {
    return switch (event.getKindCase()) {
      case CREATED -> SessionChangeKind.SESSION_CHANGE_KIND_CREATED;
      case STATE_CHANGED ->
          Fold.ended(event.getStateChanged().getState())
              ? SessionChangeKind.SESSION_CHANGE_KIND_ENDED
              : SessionChangeKind.SESSION_CHANGE_KIND_CHANGED;
      case TURN_CHANGED, ACTIVITY_CHANGED, UPDATED, APPROVAL_REQUESTED, APPROVAL_RESOLVED ->
          SessionChangeKind.SESSION_CHANGE_KIND_CHANGED;
      default -> null;
    };
  }

  /** Of several changes at once, the one that says most. */
  static @Nullable SessionChangeKind greater(
      @Nullable SessionChangeKind a, @Nullable SessionChangeKind b) {
    return rank(a) >= rank(b) ? a : b;
  }

  private static int rank(@Nullable SessionChangeKind kind) {
    if (kind == null) {
      return 0;
    }
    return switch (kind) {
      case SESSION_CHANGE_KIND_CHANGED -> 1;
      case SESSION_CHANGE_KIND_CREATED -> 2;
      case SESSION_CHANGE_KIND_ENDED -> 3;
      case SESSION_CHANGE_KIND_DELETED -> 4;
      case SESSION_CHANGE_KIND_UNSPECIFIED, UNRECOGNIZED -> 0;
    };
  }
}
