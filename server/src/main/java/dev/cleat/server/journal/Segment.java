package dev.cleat.server.journal;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One file of a journal, known by its name alone. The size and the time of its last append are
 * guarded by the journal's writing lock and are final once a newer segment exists.
 */
final class Segment {
  private static final Pattern NAME = Pattern.compile("(\\d{20})-(\\d{1,18})\\.seg");

  final long firstSeq;
  final long epoch;
  private long bytes;
  private long lastAppendMillis;

  Segment(long firstSeq, long epoch) {
    this.firstSeq = firstSeq;
    this.epoch = epoch;
  }

  /** The segment a file's name stands for, if it is one's name. */
  static Optional<Segment> named(@Nullable String fileName) {
    Matcher matcher = NAME.matcher(fileName == null ? "" : fileName);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      long first = Long.parseLong(matcher.group(1));
      return first < 1
          ? Optional.empty()
          : Optional.of(new Segment(first, Long.parseLong(matcher.group(2))));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  String fileName() {
    return "%020d-%d.seg".formatted(firstSeq, epoch);
  }

  long bytes() {
    return bytes;
  }

  long lastAppendMillis() {
    return lastAppendMillis;
  }

  void measured(long size, long appendedAtMillis) {
    bytes = size;
    lastAppendMillis = appendedAtMillis;
  }

  @Override
  public String toString() {
    return fileName();
  }
}
