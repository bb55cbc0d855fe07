package dev.cleat.client;

import dev.cleat.client.CleatException.Code;
import dev.cleat.client.ResumeLoop.Meaning;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import dev.cleat.v1.Attached;
import dev.cleat.v1.Event;
import dev.cleat.v1.SessionServiceGrpc;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One attachment as the loop sees it: says where to go on, checks that what comes may come, hands
 * it to the listener, looks after the input.
 *
 * <p>Confined to the loop's thread but for {@code input}, {@code delivered} and {@code done}, which
 * any thread may use.
 */
final class AttachFeed implements ResumeLoop.Feed<AttachRequest, AttachResponse> {
  private final Rpc rpc;
  private final String sessionId;
  private final AttachOpen template;
  private final AttachListener listener;
  private final @Nullable InputWriter input;
  private final Cursor cursor;
  private final CompletableFuture<AttachEnd> done = new CompletableFuture<>();
  private volatile Position delivered;
  private volatile boolean closed;

  private @Nullable Attachment unstarted;
  private boolean attachedBefore;
  private boolean attachedNow;
  private boolean caughtUp;
  private @Nullable AttachEnd end;

  AttachFeed(
      Rpc rpc,
      String sessionId,
      AttachOptions options,
      AttachListener listener,
      Executor completions) {
    this.rpc = rpc;
    this.sessionId = sessionId;
    this.template = options.raw();
    this.listener = listener;
    this.input =
        template.getReadOnly()
            ? null
            : new InputWriter(
                options.inputBufferBytes(),
                template.hasSize() ? template.getSize() : null,
                completions);
    @Nullable Position start =
        template.hasAfterSeq() ? new Position(template.getEpoch(), template.getAfterSeq()) : null;
    this.cursor = new Cursor(start, template.getKindsCount() > 0);
    this.delivered = cursor.position();
  }

  /** The input, or null for an attachment that only watches. */
  @Nullable InputWriter input() {
    return input;
  }

  Position delivered() {
    return delivered;
  }

  CompletableFuture<AttachEnd> done() {
    return done;
  }

  /** Nothing more is to be delivered. For any thread. */
  void close() {
    closed = true;
    if (input != null) {
      input.close(CleatException.closed("the attachment"));
    }
  }

  /** Says whose feed this is, before the loop runs. */
  void of(Attachment attachment) {
    unstarted = attachment;
  }

  @Override
  public StreamCall<AttachRequest, AttachResponse> open() {
    if (unstarted != null) {
      listener.onStart(unstarted);
      unstarted = null;
    }
    attachedNow = false;
    AttachOpen.Builder open = template.toBuilder().setSessionId(sessionId);
    cursor.goOn(open);
    InputWriter writer = input;
    // Acknowledgements are taken as they arrive: a callback may wait for one.
    AtomicReference<StreamCall<AttachRequest, AttachResponse>> self = new AtomicReference<>();
    if (writer != null) {
      writer.introduce(open);
    }
    StreamCall<AttachRequest, AttachResponse> call =
        StreamCall.start(
            rpc.channel(),
            SessionServiceGrpc.getAttachMethod(),
            AttachRequest.newBuilder().setOpen(open).build(),
            writer == null,
            message -> {
              if (writer != null && message.hasInputAck()) {
                writer.acknowledged(message.getInputAck(), self.get());
              }
              return message.hasInputAck();
            },
            writer == null ? () -> {} : writer::ready);
    self.set(call);
    return call;
  }

  @Override
  public Meaning accept(StreamCall<AttachRequest, AttachResponse> call, AttachResponse message) {
    if (!attachedNow && !message.hasAttached()) {
      throw CleatException.violation("a stream began with " + message.getKindCase());
    }
    Meaning meaning =
        switch (message.getKindCase()) {
          case ATTACHED -> attached(call, message.getAttached());
          case SCREEN -> screen(new ScreenPicture(message.getScreen()));
          case EVENTS -> events(message);
          case GAP -> gap(Gap.of(message.getGap()));
          case CAUGHT_UP -> caughtUp(message.getCaughtUp().getSeq());
          case HEARTBEAT -> {
            cursor.everythingUpTo(message.getHeartbeat().getHeadSeq());
            yield Meaning.PROGRESS;
          }
          case ENDED -> {
            end = AttachEnd.of(message.getEnded());
            yield Meaning.END;
          }
          // Taken as it arrived, or of a version after this one.
          case INPUT_ACK, KIND_NOT_SET -> Meaning.NOTHING;
        };
    delivered = cursor.position();
    return meaning;
  }

  private Meaning attached(StreamCall<AttachRequest, AttachResponse> call, Attached attached) {
    if (attachedNow) {
      throw CleatException.violation("a stream was opened twice");
    }
    attachedNow = true;
    boolean behindNewest = template.hasStart() && template.getStart().hasLatest();
    cursor.opened(attached.getEpoch(), behindNewest ? attached.getHeadSeq() : null);
    if (input != null) {
      InputWriter.Resumption resumption = input.opened(call, attached);
      if (resumption instanceof InputWriter.Resumption.Uncertain uncertain) {
        listener.onInputUncertain(uncertain.failure());
      }
      if (!(resumption instanceof InputWriter.Resumption.GoesOn)) {
        return Meaning.REOPEN;
      }
    }
    AttachInfo info = AttachInfo.of(attached);
    if (attachedBefore) {
      listener.onReconnected(info);
    } else {
      attachedBefore = true;
      listener.onAttached(info);
    }
    return Meaning.NOTHING;
  }

  private Meaning screen(ScreenPicture screen) {
    cursor.screen(screen.position());
    listener.onScreen(screen);
    return Meaning.PROGRESS;
  }

  private Meaning events(AttachResponse message) {
    for (Event event : message.getEvents().getEventsList()) {
      if (closed) {
        break;
      }
      cursor.event(event.getSeq());
      if (event.hasOutput()) {
        listener.onOutput(new OutputChunk(event, cursor.position().epoch()));
      } else {
        listener.onEvent(event);
      }
      delivered = cursor.position();
    }
    return Meaning.PROGRESS;
  }

  private Meaning gap(Gap gap) {
    cursor.gap(gap);
    listener.onGap(gap);
    return Meaning.PROGRESS;
  }

  private Meaning caughtUp(long seq) {
    cursor.everythingUpTo(seq);
    if (!caughtUp) {
      caughtUp = true;
      listener.onCaughtUp(seq);
    }
    // By itself no sign that the connection holds: a quiet session on a connection that is cut
    // again and again would be tried without rest.
    return Meaning.NOTHING;
  }

  @Override
  public void hungUp() {
    if (input != null) {
      input.hungUp();
    }
  }

  @Override
  public void reconnecting(CleatException cause, int attempt, Duration delay) {
    listener.onReconnecting(cause, attempt, delay);
  }

  @Override
  public void finished(@Nullable CleatException failure) {
    boolean told = failure != null && failure.reason().equals(CleatException.LISTENER_FAILED);
    @Nullable CleatException error = closed && !told ? null : failure;
    AttachEnd how = end == null ? AttachEnd.CLOSED : end;
    if (input != null) {
      String message = "the attachment ended: " + how.reason();
      input.close(
          error == null
              ? new CleatException(Code.FAILED_PRECONDITION, CleatException.CLOSED, message, null)
              : error);
    }
    try {
      if (error == null) {
        listener.onEnded(how);
      } else {
        listener.onError(error);
      }
    } finally {
      if (error == null) {
        done.complete(how);
      } else {
        done.completeExceptionally(error);
      }
    }
  }
}
