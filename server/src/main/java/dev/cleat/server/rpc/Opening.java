package dev.cleat.server.rpc;

import dev.cleat.server.journal.Journal;
import dev.cleat.server.session.Client;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Times;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.Attached;
import dev.cleat.v1.StartScreen;
import java.util.Optional;

/**
 * The opening of an Attach: what its client asked for, and where that lies in the session's
 * journal.
 *
 * @param asked the request, checked
 */
record Opening(AttachOpen asked) {
  private static final long DEFAULT_HEARTBEAT_NANOS = 15_000_000_000L;

  /**
   * The opening that the first message of an Attach is.
   *
   * @throws Refusal INVALID_REQUEST
   */
  static Opening of(AttachRequest first) {
    if (!first.hasOpen()) {
      throw Refusal.invalid("open", "must be the first message of an Attach");
    }
    final AttachOpen open = first.getOpen();
    final Checks checks =
        new Checks()
            .session(open.getSessionId(), open.getName())
            .text("writer_id", open.getWriterId(), 128)
            .heartbeat(open.hasHeartbeatInterval(), open.getHeartbeatInterval());
    if (open.hasSize()) {
      checks.size("size", open.getSize());
    }
    checks.done();
    return new Opening(open);
  }

  /** How long nothing may be sent. */
  long heartbeatNanos() {
    return asked.hasHeartbeatInterval()
        ? Times.duration(asked.getHeartbeatInterval()).toNanos()
        : DEFAULT_HEARTBEAT_NANOS;
  }

  /**
   * The session, if the caller may attach so. To name a writer takes the place of another's stream,
   * and to have a size sets the terminal's.
   *
   * @throws Refusal SESSION_NOT_FOUND, PERMISSION_DENIED
   */
  Session session(Reach reach) {
    final Session session = reach.session(asked.getSessionId(), asked.getName());
    if (!asked.getReadOnly() && (asked.hasSize() || !asked.getWriterId().isEmpty())) {
      reach.requireInput(session);
    }
    return session;
  }

  /** The picture to begin with, if one was asked for. */
  Optional<StartScreen> screen() {
    return asked.hasStart() && asked.getStart().hasScreen()
        ? Optional.of(asked.getStart().getScreen())
        : Optional.empty();
  }

  /**
   * Where to begin. With a picture, that is behind it, and is known when it has been drawn; until
   * then it is the head.
   *
   * @throws Refusal AHEAD_OF_HEAD, UNKNOWN_EPOCH, EPOCH_ENDED, NO_SCREEN
   */
  Places.Beginning beginning(Session session) {
    final Journal journal = session.journal();
    return switch (asked.getFromCase()) {
      case AFTER_SEQ ->
          Places.after(
              journal, session.id(), asked.getEpoch(), asked.getAfterSeq(), asked.getFailOnGap());
      case START ->
          switch (asked.getStart().getAtCase()) {
            case LATEST -> new Places.Beginning(journal.head() + 1, null);
            case SCREEN -> {
              session.requireScreen();
              yield new Places.Beginning(journal.head() + 1, null);
            }
            case LAST_EVENTS ->
                new Places.Beginning(lastEvents(journal, asked.getStart().getLastEvents()), null);
            case EARLIEST, AT_NOT_SET -> new Places.Beginning(journal.oldest(), null);
          };
      case FROM_NOT_SET -> new Places.Beginning(journal.oldest(), null);
    };
  }

  /** Where the last so many begin; the number has no sign. */
  private static long lastEvents(Journal journal, long count) {
    final long head = journal.head();
    return Long.compareUnsigned(count, head) >= 0
        ? journal.oldest()
        : Math.max(journal.oldest(), head + 1 - count);
  }

  /** What the client is told first. */
  static Attached attached(Session session, Client client) {
    final dev.cleat.v1.Session view = session.view();
    return Attached.newBuilder()
        .setSession(view)
        .setEpoch(view.getEpoch())
        .setOldestSeq(view.getOldestSeq())
        .setHeadSeq(view.getHeadSeq())
        .setDurableSeq(view.getDurableSeq())
        .setNextInputSeq(client.nextInput())
        .addAllDiscardedInput(client.discardedInput())
        .setKnownWriter(client.isKnownWriter())
        .build();
  }
}
