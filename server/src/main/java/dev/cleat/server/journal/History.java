package dev.cleat.server.journal;

import dev.cleat.server.journal.Batch.Slice;
import dev.cleat.server.journal.RecentBatches.Stored;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The disk side of one cursor: from a number to its place in the files, and on from there. Between
 * calls it holds a place, and while it is inside a segment a descriptor and the piece it read last.
 * For one thread at a time.
 */
final class History {
  private static final int CHUNK = 256 << 10;
  private static final int SMALLEST_CHUNK = 4 << 10;
  private static final long UNKNOWN = -1;
  private static final byte[] NOTHING = {};

  private final Path folder;
  private final CRC32C crc = new CRC32C();
  private final RecordHead head = new RecordHead();
  private @Nullable Segment segment;
  private @Nullable SegmentFile file;

  /** The piece: a new array for each would have to be cleared, and be cold. */
  private byte[] chunk = NOTHING;

  /** Where in the segment the piece begins, and how much of the array it is. */
  private long chunkStart;

  private int chunkLength;

  /** Where the next event's record begins in the segment, or {@link #UNKNOWN}. */
  private long offset = UNKNOWN;

  History(Path folder) {
    this.folder = folder;
  }

  /** Forgets the place: the next event is not the one after the last. */
  void moved() {
    release();
    segment = null;
    offset = UNKNOWN;
  }

  /** Goes to the segment after this one, with the piece. */
  private void moveOn() {
    close();
    segment = null;
    offset = UNKNOWN;
  }

  /** Takes note that the next event is at a place that is known without looking. */
  void continueAt(Segment next, long nextOffset) {
    release();
    segment = next;
    offset = nextOffset;
  }

  /** Where in a batch the next event is, if that is known. */
  long offsetIn(Stored stored) {
    return stored.segment() == segment && offset >= stored.offset()
        ? offset - stored.offset()
        : UNKNOWN;
  }

  /** Closes the descriptor and lets go of the piece, keeping the place. */
  void release() {
    chunk = NOTHING;
    close();
  }

  private void close() {
    chunkLength = 0;
    SegmentFile open = file;
    file = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // Closing a descriptor that was only read from loses nothing.
        Journal.LOG.debug("Closing {} failed", open.path(), e);
      }
    }
  }

  /**
   * Reads on.
   *
   * @param next the number wanted, at most the tip's
   * @param maxBytes see {@link Cursor#poll}
   * @param tip how far the journal goes
   * @param journal to ask for the segments there are
   */
  Step read(long next, int maxBytes, Tip tip, Journal journal) throws IOException {
    while (true) {
      Segments segments = journal.segments();
      Segment current = segment;
      if (current == null || (file == null && !segments.contains(current))) {
        if (next < segments.first().firstSeq) {
          moved();
          return new Step.Gap(next, segments.first().firstSeq - 1, GapReason.RETENTION);
        }
        current = segments.holding(next);
        segment = current;
        offset = next == current.firstSeq ? SegmentHeader.BYTES : UNKNOWN;
      }
      long last = lastSeqOf(current, tip, segments);
      if (next > last) {
        moveOn();
        continue;
      }
      SegmentFile open = open(current);
      if (open == null) {
        if (journal.segments().contains(current)) {
          moved();
          return new Step.Gap(next, last, GapReason.MISSING);
        }
        continue;
      }
      if (open.header() == null) {
        moved();
        return new Step.Gap(next, last, GapReason.DAMAGED);
      }
      return readIn(open, current, next, last, maxBytes, tip, segments);
    }
  }

  private Step readIn(
      SegmentFile open,
      Segment current,
      long next,
      long last,
      int maxBytes,
      Tip tip,
      Segments segments)
      throws IOException {
    long limit = current == tip.segment() ? Math.min(tip.end(), open.size()) : open.size();
    boolean seeking = offset == UNKNOWN;
    if (!seeking) {
      Batch batch = run(open, next, last, limit, maxBytes);
      if (batch != null) {
        return batch;
      }
    }
    SegmentScanner scanner = new SegmentScanner(open);
    if (!scanner.find(seeking ? SegmentHeader.BYTES : offset, limit, next, last)) {
      moved();
      GapReason reason = scanner.damaged() ? GapReason.DAMAGED : endReason(current, segments);
      return new Step.Gap(next, last, reason);
    }
    offset = scanner.offset();
    if (scanner.seq() > next) {
      return new Step.Gap(next, scanner.seq() - 1, GapReason.DAMAGED);
    }
    Batch batch = run(open, next, last, limit, maxBytes);
    if (batch == null) {
      throw new IOException(
          "a record at " + offset + " of " + open.path() + " changed while it was read");
    }
    return batch;
  }

  /** Why a segment that ends soundly ends before the next one begins. */
  private static GapReason endReason(Segment segment, Segments segments) {
    if (!segments.contains(segment)) {
      return GapReason.RETENTION;
    }
    Segment after = segments.after(segment);
    return after != null && after.epoch > segment.epoch ? GapReason.TAIL_LOST : GapReason.MISSING;
  }

  /**
   * The sound records that follow each other from the current offset; null when there is not even
   * one.
   */
  private @Nullable Batch run(SegmentFile open, long next, long last, long limit, int maxBytes)
      throws IOException {
    long rest = limit - offset;
    int length = (int) Math.min(rest, Math.clamp(maxBytes, SMALLEST_CHUNK, CHUNK));
    if (length <= 0) {
      return null;
    }
    fill(open, length);
    byte[] salt = open.saltBytes();
    if (head.parse(chunk, 0, length) == RecordHead.Kind.PLAUSIBLE
        && head.length() > length
        && head.length() <= rest
        && head.seq == next) {
      // Larger than a chunk. Summed up piece by piece first: a damaged length must not cost that
      // much memory.
      if (!new SegmentScanner(open).find(offset, offset + head.length(), next, next)) {
        return null;
      }
      length = head.length();
      fill(open, length);
    }
    Batch batch = verified(length, salt, next, last, maxBytes);
    if (batch == null) {
      // Whoever looks again looks at the file.
      chunkLength = 0;
    }
    return batch;
  }

  /**
   * Makes the piece begin at the offset. What a batch had no room for is there already: a batch
   * ends with a whole event, and events are large.
   */
  private void fill(SegmentFile open, int length) throws IOException {
    int from = Math.toIntExact(Math.clamp(offset - chunkStart, 0, chunkLength));
    int left = offset < chunkStart ? 0 : Math.min(chunkLength - from, length);
    byte[] target = chunk.length < length ? new byte[length] : chunk;
    System.arraycopy(chunk, from, target, 0, left);
    chunkLength = 0;
    chunk = target;
    open.read(offset + left, chunk, left, length - left);
    chunkStart = offset;
    chunkLength = length;
  }

  private @Nullable Batch verified(int length, byte[] salt, long next, long last, int maxBytes) {
    int at = 0;
    long seq = next;
    long wire = 0;
    while (seq <= last
        && head.parse(chunk, at, length) == RecordHead.Kind.PLAUSIBLE
        && head.seq == seq
        && head.length() <= length - at
        && (at == 0 || wire + head.length() - Records.CRC_BYTES <= maxBytes)
        && Records.intact(crc, salt, chunk, at, head.length())) {
      wire += head.length() - Records.CRC_BYTES;
      at += head.length();
      seq++;
    }
    if (at == 0) {
      return null;
    }
    offset += at;
    return new Batch(next, seq - 1, new Slice(chunk, 0, at));
  }

  private @Nullable SegmentFile open(Segment current) throws IOException {
    SegmentFile open = file;
    if (open == null || !open.isOpen()) {
      try {
        open = SegmentFile.open(folder, current);
      } catch (NoSuchFileException e) {
        // Removed by retention, or by someone else; the caller tells which from the list of
        // segments.
        open = null;
      }
      file = open;
    }
    return open;
  }

  /**
   * The highest number a segment can hold; a segment that is no longer listed ends before those
   * that are.
   */
  private static long lastSeqOf(Segment segment, Tip tip, Segments segments) {
    if (segment == tip.segment()) {
      return tip.head();
    }
    Segment after = segments.after(segment);
    if (after != null) {
      return after.firstSeq - 1;
    }
    return segments.contains(segment) ? tip.head() : segments.first().firstSeq - 1;
  }
}
