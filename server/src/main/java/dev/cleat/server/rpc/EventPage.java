package dev.cleat.server.rpc;

import com.google.protobuf.Timestamp;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.reader.EventBytes;
import dev.cleat.server.session.Session;
import dev.cleat.v1.Gap;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import io.grpc.Context;
import java.io.IOException;

/** One page of a journal. Made, read and dropped. */
final class EventPage {
  private static final int DEFAULT_EVENTS = 100;
  private static final int MOST_EVENTS = 10_000;
  private static final int PAGE_BYTES = 1 << 20;
  private static final int POLL_BYTES = 64 << 10;

  private final Session session;
  private final PageTokens tokens;
  private final RpcMetrics metrics;
  private final ReadEventsRequest request;
  private final ReadEventsRequest query;
  private final EventShaper shaper;
  private final EventBytes look = new EventBytes();
  private final ReadEventsResponse.Builder response = ReadEventsResponse.newBuilder();
  private final int mostEvents;
  private int bytes;
  private long next;

  EventPage(Session session, PageTokens tokens, ReadEventsRequest request, RpcMetrics metrics) {
    this.session = session;
    this.tokens = tokens;
    this.metrics = metrics;
    this.request = request;
    this.query =
        request.toBuilder().clearPageSize().clearPageToken().clearAfterSeq().clearEpoch().build();
    this.shaper = new EventShaper(request.getKindsList(), request.getEncoding());
    this.mostEvents =
        request.getPageSize() == 0 ? DEFAULT_EVENTS : Math.min(request.getPageSize(), MOST_EVENTS);
  }

  /** Reads on while nothing that is wanted comes, as long as the caller waits. */
  ReadEventsResponse read() throws IOException, InterruptedException {
    final Context call = Context.current();
    final Journal journal = session.journal();
    begin(journal);
    shaper.prepare(journal, next);
    try (Cursor cursor = journal.cursorFrom(next)) {
      boolean more = true;
      while (more && !full()) {
        if (call.isCancelled()) {
          throw new InterruptedException("the caller has gone");
        }
        more = step(cursor);
      }
    }
    if (full() && next <= journal.head()) {
      response.setNextPageToken(
          tokens.of("ReadEvents", query, new PageTokens.Place(next, where(journal.epoch()))));
    }
    return response.setEpoch(journal.epoch()).setHeadSeq(journal.head()).build();
  }

  /** A name may go to another session between two pages, and a number to another event. */
  private String where(long epoch) {
    return session.id() + " " + epoch;
  }

  private void begin(Journal journal) {
    long epoch = request.getEpoch();
    long afterSeq = request.getAfterSeq();
    if (!request.getPageToken().isEmpty()) {
      final PageTokens.Place place = tokens.place("ReadEvents", query, request.getPageToken());
      epoch = epochOf(place);
      afterSeq = place.number() - 1;
    }
    final Places.Beginning beginning = Places.after(journal, session.id(), epoch, afterSeq, false);
    next = beginning.firstSeq();
    if (beginning.gap() != null) {
      add(beginning.gap());
    }
  }

  private long epochOf(PageTokens.Place place) {
    final String[] words = place.text().split(" ", 2);
    if (words.length < 2 || !words[0].equals(session.id())) {
      throw PageTokens.invalid();
    }
    try {
      return Long.parseLong(words[1]);
    } catch (NumberFormatException e) {
      throw PageTokens.invalid();
    }
  }

  private void add(Gap gap) {
    response.addGaps(gap);
    metrics.gap(gap.getReason());
  }

  private boolean full() {
    return response.getEventsCount() >= mostEvents || bytes >= PAGE_BYTES;
  }

  private boolean step(Cursor cursor) throws IOException {
    return switch (cursor.poll(POLL_BYTES)) {
      case Batch batch -> {
        batch.forEach(this::take);
        yield true;
      }
      case Step.Gap gap -> {
        add(Places.gap(gap));
        shaper.gap();
        next = gap.toSeq() + 1;
        yield true;
      }
      case Step.AtHead _, Step.Closed _ -> false;
    };
  }

  private void take(long seq, byte[] array, int offset, int length) {
    if (full()) {
      return;
    }
    next = seq + 1;
    look.read(array, offset, length);
    if (!request.hasSince() || !isBefore(request.getSince())) {
      final int before = response.getEventsCount();
      shaper.shape(array, offset, length, response::addEvents);
      if (response.getEventsCount() > before) {
        bytes += length;
      }
    }
  }

  private boolean isBefore(Timestamp since) {
    return look.seconds() < since.getSeconds()
        || (look.seconds() == since.getSeconds() && look.nanos() < since.getNanos());
  }
}
