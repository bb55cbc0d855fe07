package dev.cleat.server.session;

import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Artifact;
import dev.cleat.v1.ArtifactRemovalReason;
import dev.cleat.v1.Event;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The media files of one session: what has become of the paths that its tool named. What is kept
 * track of is in the journal; this looks at the file system and says what has changed.
 *
 * <p>Thread-safe. The file system is never waited for with the session's lock held.
 */
public final class Artifacts {
  private static final Logger LOG = LoggerFactory.getLogger(Artifacts.class);

  /** How many files of a session are kept track of. */
  static final int MOST = 1000;

  private static final Duration LIST_PATIENCE = Duration.ofSeconds(2);

  private final SessionKey key;
  private final SessionLock lock;
  private final SessionLog log;
  private final List<Path> roots;
  private final Path home;
  private final boolean strict;
  private final Executor lookers;
  private volatile @Nullable Noticer noticer;

  /**
   * A path that was named.
   *
   * @param readings what it may be, the likeliest first
   * @param base the shell's directory then
   * @param seq the event that named it
   * @param time when that was appended
   * @param turnId the turn under way then; empty when none was
   */
  record Named(List<String> readings, Path base, long seq, Instant time, String turnId) {}

  /**
   * A file on a page of a list.
   *
   * @param place for the page behind it: {@link #list}
   */
  public record Listed(Artifact artifact, long place) {}

  /**
   * A file opened to be read; to be closed by the caller.
   *
   * @param artifact as it is now
   */
  public record Opened(Artifact artifact, SeekableByteChannel channel) {}

  /**
   * The files of a session.
   *
   * @param roots folders beside its working directory whose files may be shown
   * @param home its home folder
   * @param strict whether its working directory must still be the one that it was
   */
  Artifacts(
      SessionKey key,
      SessionLock lock,
      SessionLog log,
      List<Path> roots,
      Path home,
      boolean strict,
      Executor lookers) {
    this.key = key;
    this.lock = lock;
    this.log = log;
    this.roots = roots;
    this.home = home;
    this.strict = strict;
    this.lookers = lookers;
  }

  /** A process has been started, and this notices what it names. */
  void noticedBy(@Nullable Noticer one) {
    noticer = one;
  }

  private MediaFiles files() {
    final String workdir = lock.locked(() -> log.fold().session().getWorkdir());
    return new MediaFiles(Path.of(workdir.isEmpty() ? "/" : workdir), roots, home, strict);
  }

  private List<FoldedArtifacts.Kept> kept() {
    return lock.locked(() -> log.fold().artifacts().all());
  }

  /**
   * Looks whether paths are files that may be shown, and writes down those that are new or have
   * changed.
   *
   * @param here where the shell is now: a command that went there and named a path may have meant
   *     it
   * @return those that could not be written down for want of disk
   */
  List<Named> look(List<Named> paths, Path here) {
    final Optional<MediaFiles> files = lock.unlessSlow(this::files);
    if (files.isEmpty()) {
      // Those who look do so for all sessions.
      return paths;
    }
    final List<Named> unwritten = new ArrayList<>();
    for (Named path : paths) {
      final Optional<MediaFiles.Found> found =
          files.get().find(path.readings(), List.of(path.base(), here));
      if (found.isPresent() && !written(() -> found(found.get(), path))) {
        unwritten.add(path);
      }
    }
    return unwritten;
  }

  private boolean written(Runnable step) {
    try {
      lock.locked(step);
      return true;
    } catch (Refusal e) {
      LOG.debug("Session {}: {}", key, e.getMessage());
      return false;
    }
  }

  /** Confined to the session's lock. */
  private void found(MediaFiles.Found file, Named path) {
    final FoldedArtifacts artifacts = log.fold().artifacts();
    final Optional<Artifact> known = artifacts.findByPath(file.path());
    final Artifact now =
        asFound(
            known.orElseGet(() ->
                Artifact.newBuilder()
                    .setId(Ids.next())
                    .setSessionId(key.id())
                    .setPath(file.path())
                    .setName(String.valueOf(Path.of(file.path()).getFileName()))
                    .setCreateTime(Times.timestamp(path.time()))
                    .setTurnId(path.turnId())
                    .setEvidenceSeq(path.seq())
                    .build()),
            file);
    if (known.isPresent() && known.get().equals(now)) {
      return;
    }
    final List<Event.Builder> events = new ArrayList<>();
    events.add(Events.artifactFound(now));
    if (known.isEmpty() && artifacts.count() >= MOST) {
      events.add(
          Events.artifactRemoved(
              artifacts.all().getFirst().artifact().getId(),
              ArtifactRemovalReason.ARTIFACT_REMOVAL_REASON_TOO_MANY));
    }
    log.append(events);
  }

  private static Artifact asFound(Artifact known, MediaFiles.Found file) {
    return known.toBuilder()
        .setMimeType(file.mimeType())
        .setSizeBytes(file.size())
        .setModifyTime(Times.timestamp(file.modified()))
        .build();
  }

  /** Writes down which files are gone. */
  void removeGone() {
    final List<FoldedArtifacts.Kept> kept = lock.unlessSlow(this::kept).orElse(List.of());
    if (kept.isEmpty()) {
      return;
    }
    final MediaFiles files = files();
    for (FoldedArtifacts.Kept file : kept) {
      if (files.isGone(file.artifact().getPath())) {
        gone(file.artifact().getId());
      }
    }
  }

  /** Where that cannot be written down for want of disk, it is found out again. */
  private void gone(String id) {
    final boolean _ =
        written(() -> forget(id, ArtifactRemovalReason.ARTIFACT_REMOVAL_REASON_FILE_GONE));
  }

  private boolean forget(String id, ArtifactRemovalReason reason) {
    return lock.locked(() -> {
      if (log.fold().artifacts().find(id).isEmpty()) {
        return false;
      }
      log.append(List.of(Events.artifactRemoved(id, reason)));
      return true;
    });
  }

  /**
   * The files, newest first, as of now: what has been printed has been looked at, unless that is so
   * much, or the file system so slow, that it takes more than 2 s.
   *
   * @param before only those behind this place; {@link Long#MAX_VALUE} from the newest
   * @param limit at most this many; at least 1
   */
  public List<Listed> list(long before, int limit) {
    final Noticer following = noticer;
    if (following != null) {
      following.settle(LIST_PATIENCE);
    } else {
      await(this::removeGone, LIST_PATIENCE);
    }
    return kept().reversed().stream()
        .filter(file -> file.number() < before)
        .limit(limit)
        .map(file -> new Listed(file.artifact(), file.number()))
        .toList();
  }

  /** Does something with files on a thread that may wait for them; false if it takes too long. */
  boolean await(Runnable work, Duration patience) {
    try {
      CompletableFuture.runAsync(LogFields.carried(work), lookers)
          .get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException | RejectedExecutionException e) {
      LOG.debug("Session {}: its files are not looked at in time", key, e);
    } catch (ExecutionException e) {
      LOG.warn("Session {}: its files could not be looked at", key, e.getCause());
    }
    return false;
  }

  /**
   * Opens a file to be read.
   *
   * @throws Refusal ARTIFACT_NOT_FOUND
   */
  public Opened open(String id) {
    final Artifact known =
        lock.locked(() -> log.fold().artifacts().find(id))
            .orElseThrow(() -> Refusal.noArtifact(key.id(), id));
    final MediaFiles files = files();
    final Optional<MediaFiles.Opened> opened = files.open(known.getPath());
    // Behind a link now, at another place: not the file that was found.
    if (opened.isPresent() && !opened.get().found().path().equals(known.getPath())) {
      closeQuietly(opened.get());
    } else if (opened.isPresent()) {
      return new Opened(asFound(known, opened.get().found()), opened.get().channel());
    }
    if (files.isGone(known.getPath())) {
      gone(id);
    }
    throw Refusal.noArtifact(key.id(), id);
  }

  private void closeQuietly(MediaFiles.Opened file) {
    try {
      file.close();
    } catch (IOException e) {
      LOG.debug("Session {}: a file could not be closed", key, e);
    }
  }

  /**
   * Forgets a file, which stays.
   *
   * @throws Refusal ARTIFACT_NOT_FOUND
   */
  public void forget(String id) {
    if (!forget(id, ArtifactRemovalReason.ARTIFACT_REMOVAL_REASON_CALL)) {
      throw Refusal.noArtifact(key.id(), id);
    }
  }
}
