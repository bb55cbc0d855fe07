package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a cursor delivered, checked as it comes: every number once, in order, as an event or within
 * a gap.
 */
final class Reading {
  private final SortedMap<Long, byte[]> events = new TreeMap<>();
  private final List<Step.Gap> gaps = new ArrayList<>();
  private long next;

  private Reading(long next) {
    this.next = next;
  }

  /** Reads until there is nothing more for now. */
  static Reading of(Cursor cursor, int maxBytes) throws IOException {
    Reading reading = new Reading(cursor.position());
    while (reading.add(cursor.poll(maxBytes))) {
      assertThat(cursor.position()).isEqualTo(reading.next);
    }
    return reading;
  }

  /** Reads a whole journal from a number on. */
  static Reading of(Journal journal, long from, int maxBytes) throws IOException {
    try (Cursor cursor = journal.cursorFrom(from)) {
      Reading reading = of(cursor, maxBytes);
      assertThat(reading.next).isEqualTo(journal.head() + 1);
      return reading;
    }
  }

  private boolean add(Step step) {
    switch (step) {
      case Batch batch -> {
        assertThat(batch.firstSeq()).isEqualTo(next);
        batch.forEach((seq, array, offset, length) -> {
          assertThat(seq).isEqualTo(next++);
          events.put(seq, Arrays.copyOfRange(array, offset, offset + length));
        });
        assertThat(batch.lastSeq()).isEqualTo(next - 1);
      }
      case Step.Gap gap -> {
        assertThat(gap.fromSeq()).isEqualTo(next);
        next = gap.toSeq() + 1;
        gaps.add(gap);
      }
      case Step.AtHead _, Step.Closed _ -> {
        return false;
      }
    }
    return true;
  }

  SortedMap<Long, byte[]> events() {
    return events;
  }

  List<Step.Gap> gaps() {
    return gaps;
  }

  /** All numbers in gaps. */
  List<Long> missing() {
    return gaps.stream()
        .flatMap(g -> java.util.stream.LongStream.rangeClosed(g.fromSeq(), g.toSeq()).boxed())
        .toList();
  }

  /** Each delivered event is the one that was appended under its number. */
  Reading matches(List<TestEvent> appended) {
    events.forEach((seq, bytes) ->
        assertThat(bytes)
            .as("event %d", seq)
            .isEqualTo(appended.get((int) (seq - 1)).bytesAt(seq)));
    return this;
  }
}
