package dev.cleat.server.journal;

import dev.cleat.server.journal.Disk.Output;
import dev.cleat.server.telemetry.LogFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The disk side of a journal's writer: begins segments, writes batches at the end of the newest,
 * removes the oldest. Guarded by the journal's writing lock, except {@link #segments} and {@link
 * #epochs}, which any thread may read.
 */
final class SegmentWriter {
  private static final SecureRandom SALTS = new SecureRandom();

  private final Path folder;
  private final Disk disk;
  private final InstantSource clock;
  private final JournalOptions options;
  private final long run;
  private final LongConsumer size;
  private final LogFields.Subject subject = LogFields.subject();
  private volatile Retention retention;
  private volatile Segments segments;
  private volatile EpochStarts epochs;
  private @Nullable Output output;
  private Segment active;
  private int salt;
  private long end;
  private boolean writtenSinceRest;

  /**
   * A writer at the end of what was found.
   *
   * @param size hears of each change of the size of all segments
   */
  SegmentWriter(
      Path folder,
      Disk disk,
      InstantSource clock,
      JournalOptions options,
      long run,
      SegmentRecovery found,
      LongConsumer size) {
    this.folder = folder;
    this.disk = disk;
    this.clock = clock;
    this.options = options;
    this.retention = options.retention();
    this.run = run;
    this.size = size;
    this.segments = found.segments();
    this.epochs = found.epochs();
    this.active = found.segments().last();
    this.salt = found.salt();
    this.end = found.end();
  }

  /** Writes the first segment of a new journal into a folder, without opening it. */
  static void begin(Path folder, Disk disk, InstantSource clock, long run) throws IOException {
    Segment first = new Segment(1, 1);
    SegmentHeader header =
        new SegmentHeader(SALTS.nextInt(), 1, 1, clock.millis(), run, EpochStarts.first());
    disk.create(folder.resolve(first.fileName()), header.encode()).close();
  }

  void retain(Retention changed) {
    retention = changed;
  }

  Segments segments() {
    return segments;
  }

  EpochStarts epochs() {
    return epochs;
  }

  long epoch() {
    return segments.last().epoch;
  }

  Segment active() {
    return active;
  }

  int salt() {
    return salt;
  }

  long end() {
    return end;
  }

  /** Begins a new segment if the current one has no room for this many bytes. */
  void makeRoom(long bytes, long nextSeq) throws IOException {
    if (end > SegmentHeader.BYTES && end + bytes > options.segmentBytes()) {
      beginSegment(new Segment(nextSeq, active.epoch), epochs);
    }
  }

  /** Begins an epoch whose first event has this number. */
  void beginEpoch(long firstSeq) throws IOException {
    long epoch = active.epoch + 1;
    beginSegment(new Segment(firstSeq, epoch), epochs.plus(epoch, firstSeq));
    disk.force(folder.resolve(active.fileName()));
    disk.force(folder);
  }

  private void beginSegment(Segment next, EpochStarts starts) throws IOException {
    SegmentHeader header =
        new SegmentHeader(SALTS.nextInt(), next.epoch, next.firstSeq, clock.millis(), run, starts);
    Output begun = disk.create(folder.resolve(next.fileName()), header.encode());
    closeOutput();
    active.measured(end, clock.millis());
    output = begun;
    active = next;
    salt = header.salt();
    end = SegmentHeader.BYTES;
    epochs = starts;
    segments = segments.plus(next);
    size.accept(SegmentHeader.BYTES);
  }

  /**
   * Writes at the end. When it fails, the end stays where it was and what was written is
   * overwritten later.
   */
  void append(byte[] bytes) throws IOException {
    writtenSinceRest = true;
    Output out = output;
    if (out == null) {
      out = disk.open(folder.resolve(active.fileName()));
      output = out;
    }
    try {
      out.write(bytes, end);
    } catch (IOException e) {
      // Cut off what was written, so that the next open does not have to guess what it is.
      try {
        out.truncate(end);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      closeOutput();
      throw e;
    }
    end += bytes.length;
    size.accept(bytes.length);
  }

  /**
   * Removes what the retention no longer allows, up to the segment that readers at the tip need.
   */
  void retire(Segment tip) {
    Segments kept = segments;
    long total = end;
    for (Segment segment : kept.all()) {
      total += segment == active ? 0 : segment.bytes();
    }
    long oldest = clock.millis() - retention.age().toMillis();
    while (kept.first() != active
        && kept.first() != tip
        && (total > retention.bytes() || kept.first().lastAppendMillis() < oldest)) {
      Segment gone = kept.first();
      kept = kept.withoutFirst();
      total -= gone.bytes();
      // First out of the list, then off the disk: a reader that misses the file looks at the list
      // again.
      segments = kept;
      size.accept(-gone.bytes());
      try {
        Files.deleteIfExists(folder.resolve(gone.fileName()));
      } catch (IOException e) {
        // It is found again, and removed, when the journal is opened the next time.
        try (LogFields.Scope _ = subject.logged()) {
          Journal.LOG.warn("Removing {} failed", folder.resolve(gone.fileName()), e);
        }
      }
    }
  }

  /** Closes the descriptor if nothing was written since the last call. */
  void rest() {
    if (!writtenSinceRest) {
      closeOutput();
    }
    writtenSinceRest = false;
  }

  void closeOutput() {
    Output open = output;
    output = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        try (LogFields.Scope _ = subject.logged()) {
          Journal.LOG.warn("Closing {} failed", folder.resolve(active.fileName()), e);
        }
      }
    }
  }
}
