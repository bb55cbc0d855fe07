package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.reader.DrawnEvents;
import dev.cleat.v1.Event;
import dev.cleat.v1.Output;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.Screen;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** A journal that is written to, and what a terminal shows that got all of it. */
final class DrawnJournal {
  private static final Instant BEGIN = Instant.ofEpochSecond(1_800_000_000);

  private final Journal journal;
  private final List<Event> events = new CopyOnWriteArrayList<>();
  private long offset;

  DrawnJournal(Journal journal) {
    this.journal = journal;
  }

  static TerminalSize size(int rows, int columns) {
    return TerminalSize.newBuilder().setRows(rows).setColumns(columns).build();
  }

  DrawnJournal created(int rows, int columns) throws IOException {
    append(Events.created(Session.newBuilder().setSize(size(rows, columns)).build()));
    return started(1);
  }

  DrawnJournal started(int run) throws IOException {
    append(Events.state(SessionState.SESSION_STATE_STARTING, run, ""));
    final Event.Builder running = Events.state(SessionState.SESSION_STATE_RUNNING, run, "");
    running.getStateChangedBuilder().setMode(SessionMode.SESSION_MODE_PTY);
    append(running);
    return this;
  }

  DrawnJournal printed(String text) throws IOException {
    return printed(text.getBytes(StandardCharsets.UTF_8));
  }

  DrawnJournal printed(byte[] bytes) throws IOException {
    return printed(OutputStream.OUTPUT_STREAM_TERMINAL, bytes);
  }

  DrawnJournal printed(OutputStream stream, byte[] bytes) throws IOException {
    append(
        Event.newBuilder()
            .setOutput(
                Output.newBuilder()
                    .setOffset(offset)
                    .setStream(stream)
                    .setData(ByteString.copyFrom(bytes))));
    offset += bytes.length;
    return this;
  }

  void append(Event.Builder event) throws IOException {
    final long seq = journal.head() + 1;
    final Event whole = event.setSeq(seq).setTime(Times.timestamp(BEGIN.plusMillis(seq))).build();
    events.add(whole);
    journal.append(new EventEntry(whole));
  }

  long offset() {
    return offset;
  }

  Instant time(long seq) {
    return BEGIN.plusMillis(seq);
  }

  /** What a terminal shows that got all events up to a number. */
  Screen shown(long seq) {
    return shown(Set.of(seq)).getOrDefault(seq, Screen.getDefaultInstance());
  }

  /** What it shows at each of these. */
  Map<Long, Screen> shown(Set<Long> seqs) {
    final Map<Long, Screen> shown = new HashMap<>();
    final DrawnEvents terminal = new DrawnEvents();
    for (Event event : events) {
      terminal.draw(event);
      if (seqs.contains(event.getSeq())) {
        shown.put(event.getSeq(), terminal.look());
      }
    }
    return shown;
  }
}
