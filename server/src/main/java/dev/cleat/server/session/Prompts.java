package dev.cleat.server.session;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import dev.cleat.server.store.RequestRow;
import dev.cleat.server.store.Store;
import dev.cleat.server.store.StoreException;
import dev.cleat.server.store.TurnRow;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Image;
import dev.cleat.v1.ImageDigest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.WhenBusy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prompts from clients: accepted once for each request id, and found again afterwards.
 *
 * <p>The turn is in the journal first and in the store next, both before the caller hears of it. If
 * the store fails in between, or the server dies, the session has it from its journal until the
 * saver has written it. Thread-safe.
 */
public final class Prompts {
  private static final Logger LOG = LoggerFactory.getLogger(Prompts.class);

  /** How long a request id is remembered. */
  static final Duration REMEMBERED = Duration.ofHours(24);

  private final Store store;
  private final InstantSource clock;
  private final Tracing traces;
  private final OneByOne oneByOne = new OneByOne();

  Prompts(Store store, InstantSource clock, Tracing traces) {
    this.store = store;
    this.clock = clock;
    this.traces = traces;
  }

  /**
   * Accepts a prompt, or finds the turn that an earlier call with the same request id started.
   *
   * @throws Refusal WRONG_STATE, NO_PROMPTS, BUSY, QUEUE_FULL, REQUEST_ID_REUSED, STORAGE_FULL
   */
  public Turn send(Session session, SendPromptRequest request) {
    final Turn.Builder turn =
        Turn.newBuilder()
            .setId(Ids.next())
            .setSessionId(session.id())
            .setState(TurnState.TURN_STATE_ACCEPTED)
            .setPrompt(request.getPrompt())
            .setRequestId(request.getRequestId())
            .addAllImages(request.getImagesList().stream().map(Prompts::digest).toList());
    if (request.hasTimeout()) {
      turn.setTimeout(request.getTimeout());
    }
    final boolean refuse = request.getWhenBusy() == WhenBusy.WHEN_BUSY_REFUSE;
    if (request.getRequestId().isEmpty()) {
      return session.prompt(turn.build(), request.getImagesList(), refuse);
    }
    return oneByOne.run(
        session.key().tenant() + "/" + request.getRequestId(),
        () -> sendOnce(session, turn.build(), request.getImagesList(), refuse));
  }

  private Turn sendOnce(Session session, Turn turn, List<Image> images, boolean refuseWhenBusy) {
    final SessionKey key = session.key();
    final RequestRow request = request(key, turn);
    final Optional<RequestRow> known = known(session, turn.getRequestId());
    if (known.isPresent()) {
      if (!Arrays.equals(known.get().fingerprint(), request.fingerprint())) {
        throw reused(turn.getRequestId());
      }
      return find(session, String.valueOf(known.get().turnId()));
    }
    final Turn accepted = session.prompt(turn, images, refuseWhenBusy);
    try {
      store.insertTurn(Saver.row(key, accepted), request);
    } catch (StoreException e) {
      if (isGone(key)) {
        throw Refusal.noSession("session_id", key.id());
      }
      // It has been accepted: it is in the journal. The saver writes it when it can.
      try (LogFields.Scope _ = LogFields.about(key.tenant(), key.id(), accepted.getId(), traces)) {
        LOG.warn("Turn {} could not be saved yet: {}", accepted.getId(), e.getMessage());
      }
    }
    return accepted;
  }

  /** Whether a session has been deleted, as far as that can be known. */
  private boolean isGone(SessionKey key) {
    try {
      return store.session(key.text()).isEmpty();
    } catch (StoreException e) {
      return false;
    }
  }

  /**
   * What was asked for under a request id. The session is asked first: what it does not have any
   * more has been stored, and what the store does not have yet, the session still has.
   */
  private Optional<RequestRow> known(Session session, String requestId) {
    final SessionKey key = session.key();
    return session
        .recentlyRequested(requestId)
        .map(turn -> request(key, turn))
        .filter(request -> request.expiresMillis() > clock.millis())
        .or(() -> store.request(RequestRow.Kind.PROMPT, key.tenant(), requestId));
  }

  private static ImageDigest digest(Image image) {
    return ImageDigest.newBuilder()
        .setMimeType(image.getMimeType())
        .setSizeBytes(image.getData().size())
        .setSha256(HexFormat.of().formatHex(Fingerprint.of(image.getData())))
        .build();
  }

  static Refusal reused(String requestId) {
    return Refusal.of(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_REQUEST_ID_REUSED,
            "request_id was used for another request; take a new one")
        .field("request_id", "was used for another request")
        .with("request_id", requestId);
  }

  /** What is remembered of a turn's request. */
  static RequestRow request(SessionKey key, Turn turn) {
    final Turn.Builder asked =
        Turn.newBuilder()
            .setSessionId(turn.getSessionId())
            .setPrompt(turn.getPrompt())
            .addAllImages(turn.getImagesList());
    if (turn.hasTimeout()) {
      asked.setTimeout(turn.getTimeout());
    }
    final long created =
        turn.hasCreateTime()
            ? Times.instant(turn.getCreateTime()).toEpochMilli()
            : System.currentTimeMillis();
    return new RequestRow(
        RequestRow.Kind.PROMPT,
        key.tenant(),
        turn.getRequestId(),
        Fingerprint.of(asked.build()),
        key.text(),
        turn.getId(),
        created + REMEMBERED.toMillis());
  }

  /**
   * A turn.
   *
   * @throws Refusal TURN_NOT_FOUND
   */
  public Turn find(Session session, String turnId) {
    return session
        .recentTurn(turnId)
        .or(() -> store.turn(session.key().text(), turnId).map(Prompts::turn))
        .orElseThrow(() ->
            Refusal.of(
                    Code.NOT_FOUND,
                    ErrorReason.ERROR_REASON_TURN_NOT_FOUND,
                    "the session has no turn \"" + turnId + "\"")
                .with("session_id", session.id())
                .with("turn_id", turnId));
  }

  /**
   * Adds to what a turn that has ended used of a model, once for each request id.
   *
   * @return the turn with it
   * @throws Refusal TURN_NOT_FOUND, TURN_NOT_ENDED, TOO_MANY_ADDITIONS, REQUEST_ID_REUSED,
   *     STORAGE_FULL
   */
  public Turn addUsage(Session session, AddUsageRequest request, Signature by) {
    return oneByOne.run(
        request.getTurnId(),
        () -> {
          final Turn turn = find(session, request.getTurnId());
          final Optional<Turn> changed =
              AddedUsages.add(turn, request, by, Times.timestamp(clock.instant()));
          changed.ifPresent(session::usageAdded);
          return changed.orElse(turn);
        });
  }

  /** Cancels a turn; see {@link Turns#cancel}. */
  public Turn cancel(Session session, String turnId) {
    return session.cancel(turnId).orElseGet(() -> find(session, turnId));
  }

  /** Whether a turn has ended. */
  public static boolean ended(Turn turn) {
    return Fold.ended(turn.getState());
  }

  /** A turn as it was stored. */
  static Turn turn(TurnRow row) {
    try {
      return Turn.parseFrom(row.data());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("turn " + row.id() + " in the store is damaged", e);
    }
  }
}
