package dev.cleat.client;

import dev.cleat.v1.Event;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A session's journal to be read by pulling: {@link #next} waits for what comes next, reconnecting
 * as needed. At most a few events are fetched ahead of the reader.
 *
 * <p>Safe for use by any thread; several readers share the events among them.
 */
public final class EventStream implements Iterable<Delivery>, AutoCloseable {
  private static final int AHEAD = 16;
  private static final long FOR_EVER = Long.MAX_VALUE / 2;

  private final Handoff<Delivery> handoff;
  private final Attachment attachment;

  private EventStream(Handoff<Delivery> handoff, Attachment attachment) {
    this.handoff = handoff;
    this.attachment = attachment;
  }

  static EventStream open(CleatClient client, String sessionId, AttachOptions options) {
    Handoff<Delivery> handoff = new Handoff<>(AHEAD);
    Attachment attachment =
        client.attach(sessionId, options, new Filler(handoff, options), handoff::close);
    return new EventStream(handoff, attachment);
  }

  /**
   * What comes next.
   *
   * @return null at the end: the session ended, or this was closed
   * @throws CleatException when the stream failed, or the thread is interrupted
   */
  public @Nullable Delivery next() {
    return take(FOR_EVER);
  }

  /**
   * What comes next, or empty when nothing came in this time or the stream has ended; {@link
   * #ended} tells them apart.
   */
  public Optional<Delivery> next(Duration wait) {
    return Optional.ofNullable(take(Times.nanos(wait)));
  }

  /** True when nothing more comes. */
  public boolean ended() {
    return handoff.isEnded();
  }

  /** How to type, and how it ended. */
  public Attachment attachment() {
    return attachment;
  }

  /**
   * Reads to the end; {@code hasNext} waits. For one pass: what one iterator took, another does not
   * see.
   */
  @Override
  public Iterator<Delivery> iterator() {
    return new Iterator<>() {
      private @Nullable Delivery ahead;

      @Override
      public boolean hasNext() {
        if (ahead == null) {
          ahead = EventStream.this.next();
        }
        return ahead != null;
      }

      @Override
      public Delivery next() {
        if (!hasNext() || ahead == null) {
          throw new NoSuchElementException();
        }
        Delivery result = ahead;
        ahead = null;
        return result;
      }
    };
  }

  @Override
  public void close() {
    attachment.close();
  }

  private @Nullable Delivery take(long nanos) {
    try {
      return handoff.take(nanos);
    } catch (InterruptedException e) {
      throw CleatException.interrupted(e);
    }
  }

  /** Runs on the attachment's thread. */
  private static final class Filler implements AttachListener {
    private final Handoff<Delivery> handoff;
    private long epoch;

    Filler(Handoff<Delivery> handoff, AttachOptions options) {
      this.handoff = handoff;
      this.epoch = options.raw().getEpoch();
    }

    @Override
    public void onAttached(AttachInfo attached) {
      epoch = attached.epoch();
    }

    @Override
    public void onReconnected(AttachInfo attached) {
      epoch = attached.epoch();
    }

    @Override
    public void onScreen(ScreenPicture screen) {
      handoff.put(new Delivery.Pictured(screen));
    }

    @Override
    public void onOutput(OutputChunk output) {
      handoff.put(new Delivery.Happened(output.event(), output.position()));
    }

    @Override
    public void onEvent(Event event) {
      handoff.put(new Delivery.Happened(event, new Position(epoch, event.getSeq())));
    }

    @Override
    public void onGap(Gap gap) {
      long last = gap.reason() == Gap.Reason.EPOCH_ENDED ? gap.fromSeq() - 1 : gap.toSeq();
      handoff.put(new Delivery.Missing(gap, new Position(epoch, last)));
    }

    @Override
    public void onCaughtUp(long seq) {
      handoff.put(new Delivery.CaughtUp(new Position(epoch, seq)));
    }

    @Override
    public void onEnded(AttachEnd end) {
      handoff.end(null);
    }

    @Override
    public void onError(CleatException error) {
      handoff.end(error);
    }
  }
}
