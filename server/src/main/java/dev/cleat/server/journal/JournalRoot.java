package dev.cleat.server.journal;

import dev.cleat.server.journal.RecentBatches.Budget;
import dev.cleat.server.telemetry.Meter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The folder of all journals of a server, for one server at a time. It makes, opens and deletes
 * journals, syncs and maintains the open ones, and knows whether the machine crashed since they
 * were written. Thread-safe; two calls about the same journal at the same time are refused.
 */
public final class JournalRoot implements Closeable {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

  private final Path folder;
  private final Path journals;
  private final Path drafts;
  private final Path tombs;
  private final Machine machine;
  private final JournalMetrics metrics;
  private final JournalSizes sizes;
  private final RootLock lock;
  private final RunMark mark;
  private final boolean endedCleanly;
  private volatile boolean unclean;
  private final SyncLane intervals;
  private final SyncLane always;
  private final Budget budget;
  private final Map<String, Journal> open = new ConcurrentHashMap<>();
  private final Set<String> busy = ConcurrentHashMap.newKeySet();
  private final AtomicLong tombCount = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CountDownLatch closing = new CountDownLatch(1);

  private JournalRoot(
      Path folder,
      JournalRootOptions options,
      JournalSizes sizes,
      Machine machine,
      RootLock lock,
      RunMark mark,
      boolean endedCleanly) {
    this.folder = folder;
    this.journals = folder.resolve("journals");
    this.drafts = folder.resolve("drafts");
    this.tombs = folder.resolve("tombs");
    this.machine = machine;
    this.metrics = new JournalMetrics(journals);
    this.sizes = sizes;
    this.lock = lock;
    this.mark = mark;
    this.endedCleanly = endedCleanly;
    this.budget = new Budget(options.recentBytes());
    this.intervals =
        new SyncLane("journal-sync", folder, machine.disk(), metrics, options.syncInterval());
    this.always =
        new SyncLane("journal-sync-always", folder, machine.disk(), metrics, Duration.ZERO);
    long pause = options.maintenanceInterval().toMillis();
    Thread.ofPlatform().daemon().name("journal-maintenance").start(() -> maintainEvery(pause));
  }

  /** As {@link #open(Path, JournalRootOptions, JournalSizes)}, with nobody to hear of sizes. */
  public static JournalRoot open(Path folder, JournalRootOptions options) throws IOException {
    return open(folder, options, JournalSizes.UNHEARD);
  }

  /**
   * Opens a folder, which is made if it is not there.
   *
   * @param sizes hears how large the journals are
   * @throws JournalRootInUseException when another server has it open
   * @throws IOException when it cannot be read or written; the message names the file
   */
  public static JournalRoot open(Path folder, JournalRootOptions options, JournalSizes sizes)
      throws IOException {
    return open(folder, options, sizes, Machine.local());
  }

  static JournalRoot open(Path folder, JournalRootOptions options, Machine machine)
      throws IOException {
    return open(folder, options, JournalSizes.UNHEARD, machine);
  }

  private static JournalRoot open(
      Path folder, JournalRootOptions options, JournalSizes sizes, Machine machine)
      throws IOException {
    Path absolute = folder.toAbsolutePath();
    Files.createDirectories(absolute);
    RootLock lock = RootLock.acquire(absolute);
    try {
      for (String name : List.of("journals", "drafts", "tombs")) {
        Files.createDirectories(absolute.resolve(name));
      }
      RunMark last = RunMark.read(absolute);
      List<String> existing = JournalFolders.names(absolute.resolve("journals"));
      boolean endedCleanly = last == null ? existing.isEmpty() : last.clean();
      if (!existing.isEmpty() && !endedCleanly) {
        JournalFolders.sync(absolute, existing, machine.disk());
      }
      RunMark mark = mark(absolute, last, existing, machine);
      mark.write(absolute, machine.disk());
      for (String left : List.of("drafts", "tombs")) {
        for (String name : JournalFolders.names(absolute.resolve(left))) {
          JournalFolders.remove(absolute.resolve(left).resolve(name));
        }
      }
      for (String name : existing) {
        sizes
            .forJournal(name)
            .accept(JournalFolders.size(absolute.resolve("journals").resolve(name)));
      }
      return new JournalRoot(absolute, options, sizes, machine, lock, mark, endedCleanly);
    } catch (IOException | RuntimeException e) {
      try (lock) {
        throw e;
      }
    }
  }

  private static RunMark mark(
      Path folder, @Nullable RunMark last, List<String> existing, Machine machine)
      throws IOException {
    long now = machine.clock().millis();
    if (last != null) {
      return RunMark.next(last, machine.bootId(), now);
    }
    if (existing.isEmpty()) {
      return RunMark.first(machine.bootId(), now);
    }
    long newest = 0;
    for (String id : existing) {
      Path journal = folder.resolve("journals").resolve(id);
      if (Files.isDirectory(journal)) {
        newest = Math.max(newest, SegmentRecovery.lastRun(journal));
      }
    }
    return RunMark.amongStrangers(newest, machine.bootId(), now);
  }

  /**
   * Whether the machine crashed since the last run, which did not end cleanly. The journals of
   * before then begin a new epoch when they are opened, also in later runs: nobody can say of one
   * that it was not written to after it was last synced.
   */
  boolean machineCrashed() {
    return mark.afterCrash();
  }

  /** Whether the last run ended itself, with all journals closed; also if this is the first. */
  public boolean endedCleanly() {
    return endedCleanly;
  }

  /**
   * Whether a journal has events behind a number. Costs what opening it costs, and changes nothing.
   *
   * @return false also when there is no journal of that name
   */
  public boolean goesBeyond(String id, long seq) throws IOException {
    try {
      return SegmentRecovery.inspect(journals.resolve(id)).head() > seq;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** The names of all journals, open or not, in no order. */
  public List<String> list() throws IOException {
    return JournalFolders.names(journals).stream()
        .filter(name -> ID.matcher(name).matches())
        .toList();
  }

  /**
   * Makes a new, empty journal and opens it.
   *
   * @param id 1 to 128 letters, digits, {@code -} and {@code _}
   * @throws FileAlreadyExistsException when there is one of that name
   */
  public Journal create(String id, JournalOptions options) throws IOException {
    claim(id);
    try {
      Path target = journals.resolve(id);
      if (Files.exists(target)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      Path draft = drafts.resolve(id);
      JournalFolders.remove(draft);
      Files.createDirectory(draft);
      SegmentWriter.begin(draft, machine.disk(), machine.clock(), mark.run());
      Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
      sizes.forJournal(id).accept(SegmentHeader.BYTES);
      return start(id, target, options, SegmentRecovery.inspect(target), 0, false);
    } catch (IOException e) {
      throw DiskFull.is(e, folder, SegmentHeader.BYTES) ? new JournalFullException(id, e) : e;
    } finally {
      busy.remove(id);
    }
  }

  /**
   * Opens a journal. Costs the listing of its folder and reading its newest segment.
   *
   * @param atLeast a number known to have been given out (0: none known). When the journal ends
   *     before it, something visible was lost: a new epoch begins and the numbering goes on after
   *     it
   * @throws NoSuchFileException when there is none of that name
   * @throws IOException when it cannot be read or written; the message names the file
   */
  public Journal open(String id, JournalOptions options, long atLeast) throws IOException {
    if (atLeast < 0) {
      throw new IllegalArgumentException("atLeast is " + atLeast);
    }
    claim(id);
    try {
      Path target = journals.resolve(id);
      return start(id, target, options, SegmentRecovery.inspect(target), atLeast, true);
    } finally {
      busy.remove(id);
    }
  }

  private Journal start(
      String id,
      Path target,
      JournalOptions options,
      SegmentRecovery found,
      long atLeast,
      boolean synced)
      throws IOException {
    SegmentWriter writer =
        new SegmentWriter(
            target,
            machine.disk(),
            machine.clock(),
            options,
            mark.run(),
            found,
            sizes.forJournal(id));
    Recovery recovery = recover(id, target, found, atLeast, writer);
    long head = Math.max(found.head(), recovery.newEpoch() ? atLeast : 0);
    SyncLane lane =
        switch (options.sync()) {
          case OS -> null;
          case INTERVAL -> intervals;
          case ALWAYS -> always;
        };
    Tip tip = new Tip(head, writer.active(), writer.end());
    Durability durability = new Durability(target, lane, tip, synced);
    Journal journal =
        new Journal(
            id,
            target,
            options,
            recovery,
            machine.disk(),
            metrics,
            durability,
            new RecentBatches(options.recentBytes(), budget),
            writer,
            tip);
    if (!synced && options.sync() == SyncPolicy.ALWAYS) {
      journal.seal();
    } else if (!synced) {
      durability.appended(journal);
    }
    open.put(id, journal);
    if (closed.get()) {
      open.remove(id);
      journal.end(false);
      throw new JournalClosedException(id, false);
    }
    return journal;
  }

  private Recovery recover(
      String id, Path target, SegmentRecovery found, long atLeast, SegmentWriter writer)
      throws IOException {
    Path last = target.resolve(found.segments().last().fileName());
    try (Disk.Output output = machine.disk().open(last)) {
      if (found.excess() > 0) {
        output.truncate(found.end());
        sizes.forJournal(id).accept(-found.excess());
      }
    }
    metrics.cut(found.excess());
    String reason =
        found.damage()
            ? "its end is damaged"
            : atLeast > found.head()
                ? "events up to " + atLeast + " are gone"
                : found.run() < mark.lastCrashRun() ? "the machine crashed" : "";
    boolean newEpoch = !reason.isEmpty();
    if (newEpoch) {
      writer.beginEpoch(Math.max(found.head(), atLeast) + 1);
      Journal.LOG.warn(
          "Journal {} begins epoch {} after event {}: {}; {} bytes cut",
          id,
          writer.epoch(),
          found.head(),
          reason,
          found.excess());
    } else if (found.excess() > 0) {
      reason = "its last append was never completed";
      Journal.LOG.info("Journal {}: {}, {} bytes cut", id, reason, found.excess());
    }
    return new Recovery(found.excess(), newEpoch, reason);
  }

  /**
   * Closes an open journal and syncs it; its readers are told. Does nothing when it is not open.
   */
  public void close(String id) throws IOException {
    claimId(id);
    try {
      Journal journal = open.get(id);
      if (journal != null) {
        journal.end(false);
        journal.seal();
      }
    } finally {
      open.remove(id);
      busy.remove(id);
    }
  }

  /**
   * Deletes a journal, open or not; its readers are told. A crash in between leaves all of it or
   * nothing.
   *
   * @return whether there was one
   */
  public boolean delete(String id) throws IOException {
    claimId(id);
    try {
      Journal journal = open.remove(id);
      if (journal != null) {
        journal.end(true);
      }
      Path tomb = tombs.resolve(id + "." + tombCount.incrementAndGet());
      try {
        Files.move(journals.resolve(id), tomb, StandardCopyOption.ATOMIC_MOVE);
      } catch (NoSuchFileException e) {
        return false;
      }
      sizes.forJournal(id).accept(-JournalFolders.size(tomb));
      JournalFolders.remove(tomb);
      return true;
    } finally {
      busy.remove(id);
    }
  }

  /**
   * Enforces the retention of all open journals and makes the idle ones small. Also happens by
   * itself.
   */
  public void maintain() {
    open.values().forEach(Journal::maintain);
  }

  private void maintainEvery(long pauseMillis) {
    try {
      while (!closing.await(pauseMillis, TimeUnit.MILLISECONDS)) {
        try {
          maintain();
        } catch (RuntimeException e) {
          Journal.LOG.error("Maintaining the journals failed", e);
        }
      }
    } catch (InterruptedException e) {
      Journal.LOG.warn("Journals are no longer maintained: interrupted");
    }
  }

  /** The next run is to treat this one as not ended cleanly, whatever has been synced. */
  public void endUncleanly() {
    unclean = true;
  }

  /**
   * Closes all journals, syncs them and gives the folder free. When something could not be synced,
   * the next run treats this one as not ended cleanly.
   */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    closing.countDown();
    try (lock) {
      List<Journal> ended = new ArrayList<>(open.values());
      ended.forEach(journal -> journal.end(false));
      intervals.close();
      always.close();
      SyncLane.sync(
          folder,
          machine.disk(),
          metrics,
          ended.stream().filter(journal -> !journal.isSynced()).toList());
      open.clear();
      List<String> unsynced =
          ended.stream().filter(journal -> !journal.isSynced()).map(Journal::id).toList();
      if (!unsynced.isEmpty()) {
        throw new IOException("journals that could not be synced: " + unsynced);
      }
      if (!unclean) {
        mark.ended().write(folder, machine.disk());
      }
    }
  }

  /** What is measured of the journals. */
  public List<Meter> meters() {
    return metrics.meters(intervals, always);
  }

  /**
   * Writes what a new journal begins with, and removes it.
   *
   * @throws IOException when journals cannot be written now
   */
  public void tryWriting() throws IOException {
    Path draft = drafts.resolve("try." + tombCount.incrementAndGet());
    Files.createDirectory(draft);
    try {
      machine.disk().create(draft.resolve("try"), new byte[SegmentHeader.BYTES]).close();
    } finally {
      JournalFolders.remove(draft);
    }
  }

  private void claim(String id) throws IOException {
    if (closed.get()) {
      throw new JournalClosedException(id, false);
    }
    claimId(id);
    if (open.containsKey(id)) {
      busy.remove(id);
      throw new IllegalStateException("journal " + id + " is open already");
    }
  }

  private void claimId(String id) {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("not a name for a journal");
    }
    if (!busy.add(id)) {
      throw new IllegalStateException("journal " + id + " is just being opened or deleted");
    }
  }
}
