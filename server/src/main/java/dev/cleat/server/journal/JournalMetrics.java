package dev.cleat.server.journal;

import dev.cleat.server.telemetry.Counter;
import dev.cleat.server.telemetry.Gauge;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.telemetry.Timings;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What the journals of a root measure. Thread-safe; appends pay for a few adders and a clock. */
final class JournalMetrics {
  private static final long SIZE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Counter events =
      new Counter("cleat_journal_events", "Events appended to journals.");
  private final Counter bytes =
      new Counter("cleat_journal_bytes", "Bytes appended to journals, as they are on the disk.");
  private final Counter failures =
      new Counter("cleat_journal_append_failures", "Appends that failed, and are tried again.");
  private final Timings appends =
      new Timings("cleat_journal_append_seconds", "An append to a journal.", Timings.SHORT);
  private final Timings syncs =
      new Timings(
          "cleat_journal_sync_seconds",
          "A sync of all the journals that were written to since the last.",
          Timings.MEDIUM);
  private final Counter syncFailures =
      new Counter(
          "cleat_journal_sync_failures",
          "Journals that could not be synced: what they get from then on may not outlive the"
              + " machine.");
  private final Counter cut =
      new Counter(
          "cleat_journal_cut_bytes",
          "Bytes cut from the ends of journals when they were opened: appends that a kill"
              + " interrupted, or damage.");
  private final LongAdder eventCount = events.of();
  private final LongAdder byteCount = bytes.of();
  private final LongAdder failureCount = failures.of();
  private final Timings.Of append = appends.of();
  private final Timings.Of sync = syncs.of();
  private final LongAdder syncFailureCount = syncFailures.of();
  private final LongAdder cutCount = cut.of();
  private final Path journals;
  // Guarded by this.
  private long sizedAt;
  private long size = -1;

  JournalMetrics(Path journals) {
    this.journals = journals;
  }

  void appended(int count, int size, long nanos) {
    eventCount.add(count);
    byteCount.add(size);
    append.took(nanos);
  }

  void appendFailed() {
    failureCount.increment();
  }

  void synced(long nanos) {
    sync.took(nanos);
  }

  void syncFailed() {
    syncFailureCount.increment();
  }

  void cut(long count) {
    cutCount.add(count);
  }

  List<Meter> meters(SyncLane... lanes) {
    return List.of(
        events,
        bytes,
        failures,
        appends,
        syncs,
        syncFailures,
        cut,
        new Gauge(
            "cleat_journal_sync_waiting",
            "Journals that wait to be synced.",
            () -> List.of(lanes).stream().mapToInt(SyncLane::waiting).sum()),
        new Gauge(
            "cleat_journal_sync_age_seconds",
            "How long the oldest event that is not synced has waited for it.",
            () -> List.of(lanes).stream().mapToLong(SyncLane::age).max().orElse(0) / 1e9),
        new Gauge(
            "cleat_journal_disk_bytes",
            "Size of all journals on the disk; looked up twice a minute at most.",
            this::diskBytes),
        new Gauge(
            "cleat_disk_free_bytes",
            "Room left for journals and state on their disk.",
            () -> {
              try {
                return (double) Files.getFileStore(journals).getUsableSpace();
              } catch (IOException e) {
                throw new IllegalStateException("the disk cannot be asked for its room", e);
              }
            }));
  }

  private synchronized double diskBytes() {
    final long now = System.nanoTime();
    if (size < 0 || now - sizedAt > SIZE_NANOS) {
      size = sizeOf(journals);
      sizedAt = now;
    }
    return (double) size;
  }

  private static long sizeOf(Path folder) {
    final LongAdder total = new LongAdder();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<Path>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              total.add(attributes.size());
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              // Removed meanwhile.
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new IllegalStateException("the journals cannot be measured", e);
    }
    return total.sum();
  }
}
