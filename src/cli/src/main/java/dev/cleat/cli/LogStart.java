package dev.cleat.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds where in a journal the printing of a log starts, without reading more of it than needed.
 * For one thread.
 */
final class LogStart {
  /** How far the search for lines goes back at a time, in events. */
  private static final long WINDOW = 500;

  private static final long DEADLINE_SECONDS = 30;

  private final CleatClient client;
  private final Session session;
  private long epoch;
  private long seq;
  private int skipLines;

  LogStart(CleatClient client, Session session) {
    this.client = client;
    this.session = session;
  }

  /** The epoch that {@link #seq} belongs to. */
  long epoch() {
    return epoch;
  }

  /** The last event before the log; 0 for all there is. */
  long seq() {
    return seq;
  }

  /** How many lines of what follows still do not belong to it. */
  int skipLines() {
    return skipLines;
  }

  /** Looks for the later of the two. */
  LogStart at(@Nullable Instant since, @Nullable Integer lines) {
    if (since != null) {
      atTime(since);
    }
    if (lines != null) {
      atLines(lines);
    }
    return this;
  }

  private void atTime(Instant since) {
    ReadEventsResponse first =
        read(
            ReadEventsRequest.newBuilder()
                .setPageSize(1)
                .setSince(
                    Timestamp.newBuilder()
                        .setSeconds(since.getEpochSecond())
                        .setNanos(since.getNano())));
    epoch = first.getEpoch();
    seq = first.getEventsCount() == 0 ? first.getHeadSeq() : first.getEvents(0).getSeq() - 1;
  }

  /** Goes back from the newest event until there are enough ends of lines. */
  private void atLines(int lines) {
    dev.cleat.v1.Session now = session.refresh().raw();
    epoch = now.getEpoch();
    long oldest = Math.max(seq, Math.max(1, now.getOldestSeq()) - 1);
    long wanted = lines;
    long found = 0;
    boolean last = true;
    long to = now.getHeadSeq();
    if (lines == 0) {
      seq = to;
      return;
    }
    while (to > oldest) {
      long after = Math.max(oldest, to - WINDOW);
      List<Event> window = window(after, to);
      for (Event event : window.reversed()) {
        ByteString data = event.getOutput().getData();
        if (last && !data.isEmpty()) {
          // The end of the last line begins no other.
          wanted += data.byteAt(data.size() - 1) == '\n' ? 1 : 0;
          last = false;
        }
        found += ends(data);
        if (found >= wanted) {
          seq = event.getSeq() - 1;
          skipLines = Math.toIntExact(found - wanted + 1);
          return;
        }
      }
      to = after;
    }
    seq = oldest;
  }

  private List<Event> window(long after, long to) {
    List<Event> window = new ArrayList<>();
    ReadEventsRequest.Builder request =
        ReadEventsRequest.newBuilder()
            .setEpoch(epoch)
            .setAfterSeq(after)
            .setPageSize(Math.toIntExact(to - after))
            .addKinds(EventKind.EVENT_KIND_OUTPUT);
    ReadEventsResponse page;
    do {
      page = read(request);
      for (Event event : page.getEventsList()) {
        if (event.getSeq() > to) {
          return window;
        }
        window.add(event);
      }
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    return window;
  }

  private ReadEventsResponse read(ReadEventsRequest.Builder request) {
    return client
        .grpc()
        .sessions()
        .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
        .readEvents(request.setSessionId(session.id()).build());
  }

  private static int ends(ByteString data) {
    int ends = 0;
    for (int i = 0; i < data.size(); i++) {
      if (data.byteAt(i) == '\n') {
        ends++;
      }
    }
    return ends;
  }
}
