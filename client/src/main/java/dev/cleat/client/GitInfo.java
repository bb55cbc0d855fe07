package dev.cleat.client;

import dev.cleat.v1.GitConflict;
import dev.cleat.v1.GitState;
import java.util.List;

/**
 * The git repository that a session's working directory is in, as it was at one moment. Immutable.
 *
 * @param raw everything there is, as the contract has it; the other methods read from it
 */
public record GitInfo(GitState raw) {

  /** What is under way in a repository. */
  public enum Operation {
    /** An operation that this version of the library does not know. */
    UNKNOWN,
    /** Nothing. */
    NONE,
    /** A merge. */
    MERGE,
    /** A rebase. */
    REBASE,
    /** A cherry-pick. */
    CHERRY_PICK,
    /** A revert. */
    REVERT,
    /** A bisection. */
    BISECT,
    /** Patches are applied. */
    APPLY
  }

  /** What a conflict is; "us" is the branch that is checked out. */
  public enum ConflictKind {
    /** A kind that this version of the library does not know. */
    UNKNOWN,
    /** Both changed it. */
    BOTH_MODIFIED,
    /** Both added it. */
    BOTH_ADDED,
    /** Both deleted it. */
    BOTH_DELETED,
    /** We added it. */
    ADDED_BY_US,
    /** They added it. */
    ADDED_BY_THEM,
    /** We deleted it, they changed it. */
    DELETED_BY_US,
    /** They deleted it, we changed it. */
    DELETED_BY_THEM
  }

  /**
   * A file with conflicts.
   *
   * @param path its path in the repository
   */
  public record Conflict(String path, ConflictKind kind) {
    private static Conflict of(GitConflict conflict) {
      return new Conflict(
          conflict.getPath(),
          Names.of(
              ConflictKind.class, "GIT_CONFLICT_KIND_", conflict.getKind(), ConflictKind.UNKNOWN));
    }
  }

  /** The branch, or the commit where none is checked out. */
  public String branch() {
    return raw.getBranch();
  }

  /** What is under way. */
  public Operation operation() {
    return Names.of(Operation.class, "GIT_OPERATION_", raw.getOperation(), Operation.UNKNOWN);
  }

  /** The files with conflicts, by path: the first 1,000. */
  public List<Conflict> conflicts() {
    return raw.getConflictsList().stream().map(Conflict::of).toList();
  }

  /** How many files have conflicts. */
  public int conflictCount() {
    return raw.getConflictCount();
  }
}
