package dev.cleat.server.store;

/** What became of a session's insertion. Only {@link Inserted} has changed anything. */
public sealed interface InsertResult {
  /** Written, with its request id. */
  record Inserted() implements InsertResult {}

  /** The request id was used before: this is what came of it. */
  record Known(RequestRow request) implements InsertResult {}

  /** A session has, or had, this id. */
  record IdTaken() implements InsertResult {}

  /** The session that is to be its parent is not there, or no more. */
  record ParentGone() implements InsertResult {}

  /** Another session has the name. */
  record NameTaken(String sessionId) implements InsertResult {}
}
