package dev.cleat.server.reader;

import dev.cleat.v1.GitConflict;
import dev.cleat.v1.GitConflictKind;
import dev.cleat.v1.GitOperation;
import dev.cleat.v1.GitState;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Reads what is under way in the git repository of a directory: its branch, its operation, its
 * conflicts. Only reads: no hook, no filter and no program is run, whatever the repository's
 * settings say, and nothing is written. Where none of the files that say this has changed, nothing
 * but their times is looked at.
 *
 * <p>Not safe for use by several threads; each session has its own.
 */
public final class GitReader {
  /** So many conflicts are named; the others are counted. */
  static final int NAMED_CONFLICTS = 1000;

  /** An index of this size has about two million files; a larger one is not read. */
  private static final long LARGEST_INDEX = 256L << 20;

  /** Each of them changes when what is read here does; in the folder of the working tree. */
  private static final List<String> WITNESSES =
      List.of(
          Constants.HEAD,
          "index",
          Constants.MERGE_HEAD,
          Constants.CHERRY_PICK_HEAD,
          Constants.REVERT_HEAD,
          "BISECT_LOG",
          "rebase-merge",
          "rebase-apply");

  static {
    QuietGit.install();
  }

  private List<Trace> traces = List.of();
  private @Nullable GitState state;

  /** A file as it was found. */
  private record Trace(Path path, boolean there, FileTime time, long size, String key) {
    static Trace of(Path path) throws IOException {
      try {
        final BasicFileAttributes found =
            Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return new Trace(
            path,
            true,
            found.lastModifiedTime(),
            found.size(),
            // A file that is replaced by another of the same size within a tick of the clock.
            String.valueOf(found.fileKey()));
      } catch (NoSuchFileException e) {
        return new Trace(path, false, FileTime.fromMillis(0), 0, "");
      }
    }
  }

  /**
   * The state of the repository that a directory is in.
   *
   * @return empty if it is in none
   * @throws IOException if there is one and it cannot be read; the message says why, in JGit's
   *     words
   */
  public Optional<GitState> read(Path directory) throws IOException {
    try {
      final File folder = find(directory);
      if (folder == null) {
        traces = List.of();
        return Optional.empty();
      }
      // Before the files themselves: a change in between is seen the next time.
      final List<Trace> now = traces(folder.toPath());
      final GitState known = state;
      if (known != null && now.equals(traces)) {
        return Optional.of(known);
      }
      traces = List.of();
      final GitState read = read(folder);
      state = read;
      traces = now;
      return Optional.of(read);
    } catch (RuntimeException e) {
      throw new IOException(e.toString(), e);
    }
  }

  private static @Nullable File find(Path directory) {
    return new FileRepositoryBuilder().findGitDir(directory.toFile()).getGitDir();
  }

  private static List<Trace> traces(Path folder) throws IOException {
    final List<Trace> found = new ArrayList<>();
    for (String witness : WITNESSES) {
      found.add(Trace.of(folder.resolve(witness)));
    }
    return found;
  }

  private static GitState read(File folder) throws IOException {
    try (Repository repository = new FileRepositoryBuilder().setGitDir(folder).build()) {
      final String branch = repository.getBranch();
      final GitState.Builder state =
          GitState.newBuilder()
              .setBranch(branch == null ? "" : branch)
              .setOperation(GitOperation.GIT_OPERATION_NONE);
      if (!repository.isBare()) {
        final File index = repository.getIndexFile();
        if (index.length() > LARGEST_INDEX) {
          throw new IOException("its index has " + index.length() + " bytes, which is too many");
        }
        state.setOperation(operation(repository));
        conflicts(repository.readDirCache(), state);
      }
      return state.build();
    }
  }

  private static GitOperation operation(Repository repository) {
    return switch (repository.getRepositoryState()) {
      case MERGING, MERGING_RESOLVED -> GitOperation.GIT_OPERATION_MERGE;
      case REBASING, REBASING_REBASING, REBASING_MERGE, REBASING_INTERACTIVE ->
          GitOperation.GIT_OPERATION_REBASE;
      case CHERRY_PICKING, CHERRY_PICKING_RESOLVED -> GitOperation.GIT_OPERATION_CHERRY_PICK;
      case REVERTING, REVERTING_RESOLVED -> GitOperation.GIT_OPERATION_REVERT;
      case BISECTING -> GitOperation.GIT_OPERATION_BISECT;
      case APPLY -> GitOperation.GIT_OPERATION_APPLY;
      case BARE, SAFE -> GitOperation.GIT_OPERATION_NONE;
    };
  }

  /** The entries of a path with conflicts follow each other, one for each side that has it. */
  private static void conflicts(DirCache index, GitState.Builder state) {
    final int count = index.getEntryCount();
    int files = 0;
    int at = 0;
    while (at < count) {
      final DirCacheEntry entry = index.getEntry(at);
      if (entry.getStage() == DirCacheEntry.STAGE_0) {
        at++;
        continue;
      }
      final int next = index.nextEntry(at);
      if (files < NAMED_CONFLICTS) {
        int sides = 0;
        for (int i = at; i < next; i++) {
          sides |= 1 << index.getEntry(i).getStage();
        }
        state.addConflicts(
            GitConflict.newBuilder().setPath(entry.getPathString()).setKind(kind(sides)));
      }
      files++;
      at = next;
    }
    state.setConflictCount(files);
  }

  private static GitConflictKind kind(int sides) {
    final boolean base = (sides & 1 << DirCacheEntry.STAGE_1) != 0;
    final boolean ours = (sides & 1 << DirCacheEntry.STAGE_2) != 0;
    final boolean theirs = (sides & 1 << DirCacheEntry.STAGE_3) != 0;
    if (ours && theirs) {
      return base
          ? GitConflictKind.GIT_CONFLICT_KIND_BOTH_MODIFIED
          : GitConflictKind.GIT_CONFLICT_KIND_BOTH_ADDED;
    }
    if (ours) {
      return base
          ? GitConflictKind.GIT_CONFLICT_KIND_DELETED_BY_THEM
          : GitConflictKind.GIT_CONFLICT_KIND_ADDED_BY_US;
    }
    if (theirs) {
      return base
          ? GitConflictKind.GIT_CONFLICT_KIND_DELETED_BY_US
          : GitConflictKind.GIT_CONFLICT_KIND_ADDED_BY_THEM;
    }
    return GitConflictKind.GIT_CONFLICT_KIND_BOTH_DELETED;
  }
}
