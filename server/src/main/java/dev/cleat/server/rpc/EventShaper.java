package dev.cleat.server.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.Step;
import dev.cleat.server.reader.EventBytes;
import dev.cleat.server.reader.PlainText;
import dev.cleat.server.reader.Utf8Text;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.Output;
import dev.cleat.v1.OutputEncoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Makes of a journal's events what a reader asked for: only some kinds, or output as text. Readers
 * who ask for neither get the journal's bytes as they are and do not come here.
 *
 * <p>For one reader; not safe for use by several threads.
 */
final class EventShaper {
  /**
   * How far back text is looked at for a character or an escape sequence that began before the
   * reader's place.
   */
  private static final int LOOK_BACK_EVENTS = 64;

  private static final int LOOK_BACK_BYTES = 256 << 10;

  private final Set<Integer> kinds;
  private final OutputEncoding encoding;
  private final EventBytes look = new EventBytes();
  private final Map<Integer, TextStream> streams = new HashMap<>();

  /** One stream of output as text. */
  private interface TextStream {
    String feed(byte[] bytes, int from, int count);
  }

  EventShaper(Collection<EventKind> kinds, OutputEncoding encoding) {
    this.kinds = kinds.stream().map(EventKind::getNumber).collect(Collectors.toSet());
    this.encoding = encoding;
  }

  /** Whether the journal's bytes can be sent as they are. */
  boolean passesAll() {
    return kinds.isEmpty() && !asText();
  }

  private boolean asText() {
    return encoding == OutputEncoding.OUTPUT_ENCODING_TEXT
        || encoding == OutputEncoding.OUTPUT_ENCODING_PLAIN;
  }

  /**
   * Looks at what came before a place, so that text begins there as if it had been read from far
   * back.
   */
  void prepare(Journal journal, long firstSeq) throws IOException {
    final long from = Math.max(journal.oldest(), firstSeq - LOOK_BACK_EVENTS);
    if (!asText() || from >= firstSeq) {
      return;
    }
    try (Cursor cursor = journal.cursorFrom(from)) {
      while (cursor.position() < firstSeq) {
        switch (cursor.poll(LOOK_BACK_BYTES)) {
          case Batch batch ->
              batch.forEach((seq, array, offset, length) -> {
                if (seq < firstSeq) {
                  look.read(array, offset, length);
                  text();
                }
              });
          case Step.Gap _ -> streams.clear();
          case Step.AtHead _, Step.Closed _ -> {
            return;
          }
        }
      }
    }
  }

  /** Events are missing here: what was held back of a character or a sequence is void. */
  void gap() {
    streams.clear();
  }

  /** The events of a batch that the reader wants, as it wants them. */
  void shape(Batch batch, Consumer<Event> target) {
    batch.forEach((seq, array, offset, length) -> shape(array, offset, length, target));
  }

  void shape(byte[] array, int offset, int length, Consumer<Event> target) {
    look.read(array, offset, length);
    final String text = text();
    if (!kinds.isEmpty() && !kinds.contains(look.kind())) {
      return;
    }
    final Event event = parse(array, offset, length);
    if (look.isOutput() && asText()) {
      final Output output = event.getOutput().toBuilder().setText(text).build();
      target.accept(event.toBuilder().setOutput(output).build());
    } else {
      target.accept(event);
    }
  }

  private static Event parse(byte[] array, int offset, int length) {
    try {
      return Event.parser().parseFrom(array, offset, length);
    } catch (InvalidProtocolBufferException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of the event looked at; empty when it is no output, or bytes are asked for. */
  private String text() {
    if (!look.isOutput() || !asText()) {
      return "";
    }
    return streams
        .computeIfAbsent(look.outputStream(), stream -> textStream())
        .feed(look.array(), look.dataFrom(), look.dataLength());
  }

  private TextStream textStream() {
    return encoding == OutputEncoding.OUTPUT_ENCODING_PLAIN
        ? new PlainText()::feed
        : new Utf8Text()::feed;
  }
}
