package dev.cleat.cli;

import dev.cleat.client.AttachEnd;
import dev.cleat.client.CleatException;
import dev.cleat.client.Exit;
import dev.cleat.client.Gap;

/** What is said about a session beside its own output. */
final class Notices {
  private Notices() {}

  static String gap(Gap gap) {
    String which =
        gap.fromSeq() == gap.toSeq()
            ? "event %d is".formatted(gap.fromSeq())
            : "events %d to %d are".formatted(gap.fromSeq(), gap.toSeq());
    return switch (gap.reason()) {
      case RETENTION -> "cleat: %s no longer kept".formatted(which);
      case DAMAGED -> "cleat: %s damaged on the server's disk".formatted(which);
      case MISSING -> "cleat: %s missing on the server's disk".formatted(which);
      case TAIL_LOST -> "cleat: %s lost in a crash of the server's machine".formatted(which);
      case EPOCH_ENDED ->
          "cleat: the server's machine crashed; what was shown from event %d on is void"
              .formatted(gap.fromSeq());
      case UNKNOWN -> "cleat: %s gone".formatted(which);
    };
  }

  static String reconnecting(CleatException cause) {
    return "cleat: connection lost (%s), reconnecting…".formatted(cause.getMessage());
  }

  static String ended(AttachEnd end, String session) {
    return switch (end.reason()) {
      case EXITED ->
          "cleat: %s ended%s".formatted(session, end.exit().map(Notices::how).orElse(""));
      case FAILED ->
          "cleat: %s could not be started; see cleat info %s".formatted(session, session);
      case LOST ->
          "cleat: %s was lost with its server; start it again with cleat restart %s"
              .formatted(session, session);
      case DELETED -> "cleat: %s was removed".formatted(session);
      case CLOSED ->
          "cleat: detached from %s; come back with cleat attach %s".formatted(session, session);
      case UNKNOWN -> "cleat: %s ended".formatted(session);
    };
  }

  /** What the command ends with after this end. */
  static int exitCode(AttachEnd end) {
    return switch (end.reason()) {
      case EXITED -> end.exit().map(Exit::status).orElse(ExitCode.FAILED);
      case CLOSED -> ExitCode.DONE;
      default -> ExitCode.FAILED;
    };
  }

  private static String how(Exit exit) {
    return exit.signal()
        .map(" by %s"::formatted)
        .orElseGet(() -> " with code " + exit.code().orElse(0));
  }
}
