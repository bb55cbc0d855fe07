package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.v1.GitConflict;
import dev.cleat.v1.GitConflictKind;
import dev.cleat.v1.GitOperation;
import dev.cleat.v1.GitState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Repositories as git itself makes them. */
class GitReaderTest {
  @TempDir Path folder;
  private final GitReader reader = new GitReader();
  private Path repository;

  @BeforeEach
  void repository() throws Exception {
    repository = Files.createDirectory(folder.resolve("repository"));
    git("init", "--quiet", "--initial-branch=main");
    commit("file", "one\n");
  }

  /** What git prints; its exit code is 0, or what conflicts make of it: 1, of "git am" 128. */
  private String git(String... words) throws Exception {
    return gitIn(repository, words);
  }

  private String gitIn(Path directory, String... words) throws Exception {
    final ProcessBuilder builder =
        new ProcessBuilder(
                Stream.concat(
                        Stream.of("git", "-c", "protocol.file.allow=always"), Stream.of(words))
                    .toList())
            .directory(directory.toFile())
            .redirectErrorStream(true);
    builder
        .environment()
        .putAll(
            Map.of(
                "GIT_CONFIG_NOSYSTEM", "1",
                "GIT_CONFIG_GLOBAL", "/dev/null",
                "GIT_AUTHOR_NAME", "a",
                "GIT_AUTHOR_EMAIL", "a@example.com",
                "GIT_COMMITTER_NAME", "a",
                "GIT_COMMITTER_EMAIL", "a@example.com",
                "GIT_EDITOR", "true"));
    final Process process = builder.start();
    final String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as("git %s: %s", String.join(" ", words), said).isIn(0, 1, 128);
    return said;
  }

  private void commit(String file, String content) throws Exception {
    Files.writeString(repository.resolve(file), content);
    git("add", "--all");
    git("commit", "--quiet", "-m", file + ": " + content.strip());
  }

  private GitState state() throws IOException {
    return reader.read(repository).orElseThrow();
  }

  private Map<String, GitConflictKind> conflicts() throws IOException {
    return state().getConflictsList().stream()
        .collect(Collectors.toMap(GitConflict::getPath, GitConflict::getKind));
  }

  /** Branches "main" and "other" that both change the same line. */
  private void diverge() throws Exception {
    git("switch", "--quiet", "-c", "other");
    commit("file", "theirs\n");
    git("switch", "--quiet", "main");
    commit("file", "ours\n");
  }

  @Test
  void saysTheBranchAndThatNothingIsUnderWay() throws Exception {
    final Path below = Files.createDirectories(repository.resolve("a/b"));
    assertThat(reader.read(below))
        .contains(
            GitState.newBuilder()
                .setBranch("main")
                .setOperation(GitOperation.GIT_OPERATION_NONE)
                .build());
    git("switch", "--quiet", "-c", "feature/x");
    assertThat(state().getBranch()).isEqualTo("feature/x");
    git("checkout", "--quiet", "--detach");
    assertThat(state().getBranch()).isEqualTo(git("rev-parse", "HEAD").strip());
  }

  @Test
  void aMergeHasConflictsOfEveryKind() throws Exception {
    commit("ours-gone", "1\n2\n3\n");
    commit("theirs-gone", "4\n5\n6\n");
    commit("moved", "7\n8\n9\n10\n11\n");
    git("switch", "--quiet", "-c", "other");
    git("rm", "--quiet", "theirs-gone");
    git("mv", "moved", "moved-by-them");
    Files.writeString(repository.resolve("ours-gone"), "1\n2\nthree\n");
    Files.writeString(repository.resolve("both new"), "theirs\n");
    commit("file", "theirs\n");
    git("switch", "--quiet", "main");
    git("rm", "--quiet", "ours-gone");
    git("mv", "moved", "moved-by-us");
    Files.writeString(repository.resolve("theirs-gone"), "4\n5\nsix\n");
    Files.writeString(repository.resolve("both new"), "ours\n");
    commit("file", "ours\n");

    git("merge", "other");

    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_MERGE);
    assertThat(conflicts())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "file", GitConflictKind.GIT_CONFLICT_KIND_BOTH_MODIFIED,
                "both new", GitConflictKind.GIT_CONFLICT_KIND_BOTH_ADDED,
                "moved", GitConflictKind.GIT_CONFLICT_KIND_BOTH_DELETED,
                "moved-by-us", GitConflictKind.GIT_CONFLICT_KIND_ADDED_BY_US,
                "moved-by-them", GitConflictKind.GIT_CONFLICT_KIND_ADDED_BY_THEM,
                "ours-gone", GitConflictKind.GIT_CONFLICT_KIND_DELETED_BY_US,
                "theirs-gone", GitConflictKind.GIT_CONFLICT_KIND_DELETED_BY_THEM));
    assertThat(state().getConflictCount()).isEqualTo(7);

    git("rm", "--quiet", "--cached", "moved", "moved-by-us", "moved-by-them", "ours-gone");
    git("add", "--all");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_MERGE);
    assertThat(conflicts()).isEmpty();
    git("commit", "--quiet", "-m", "merged");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_NONE);
  }

  @Test
  void aRebaseStopsAndGoesOn() throws Exception {
    diverge();
    git("rebase", "other");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_REBASE);
    assertThat(state().getBranch()).isEqualTo(git("rev-parse", "HEAD").strip());
    assertThat(conflicts()).containsKey("file");
    git("rebase", "--abort");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_NONE);
    assertThat(state().getBranch()).isEqualTo("main");

    git("rebase", "--apply", "other");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_REBASE);
  }

  @Test
  void aCherryPickARevertAndABisectionAreUnderWay() throws Exception {
    diverge();
    git("cherry-pick", "other");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_CHERRY_PICK);
    assertThat(conflicts()).containsKey("file");
    git("cherry-pick", "--abort");

    commit("file", "later\n");
    git("revert", "HEAD~1");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_REVERT);
    git("revert", "--abort");

    git("bisect", "start", "HEAD", "HEAD~2");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_BISECT);
    git("bisect", "reset");
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_NONE);
  }

  @Test
  void patchesAreBeingApplied() throws Exception {
    diverge();
    Files.writeString(folder.resolve("patch"), git("format-patch", "--stdout", "-1", "other"));
    git("am", "--3way", folder.resolve("patch").toString());
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_APPLY);
  }

  @Test
  void worktreesAndSubmodulesHaveStatesOfTheirOwn() throws Exception {
    diverge();
    final Path worktree = folder.resolve("worktree");
    git("worktree", "add", "--quiet", worktree.toString(), "other");
    gitIn(worktree, "merge", "main");
    final GitState there = new GitReader().read(worktree).orElseThrow();
    assertThat(there.getBranch()).isEqualTo("other");
    assertThat(there.getOperation()).isEqualTo(GitOperation.GIT_OPERATION_MERGE);
    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_NONE);

    final Path outer = Files.createDirectory(folder.resolve("outer"));
    gitIn(outer, "init", "--quiet", "--initial-branch=trunk");
    gitIn(outer, "submodule", "--quiet", "add", repository.toString(), "inner");
    assertThat(Files.isRegularFile(outer.resolve("inner/.git"))).isTrue();
    assertThat(new GitReader().read(outer).orElseThrow().getBranch()).isEqualTo("trunk");
    assertThat(new GitReader().read(outer.resolve("inner")).orElseThrow().getBranch())
        .isEqualTo("main");
  }

  @Test
  void aBareRepositoryHasABranchAndNothingElse() throws Exception {
    final Path bare = folder.resolve("bare.git");
    git("clone", "--quiet", "--bare", repository.toString(), bare.toString());
    assertThat(reader.read(bare))
        .contains(
            GitState.newBuilder()
                .setBranch("main")
                .setOperation(GitOperation.GIT_OPERATION_NONE)
                .build());
  }

  @Test
  void withoutARepositoryThereIsNothing() throws Exception {
    // The temp folder may be in a repository: that of this project.
    final Path root = folder.getRoot();
    assertThat(reader.read(root)).isEmpty();
    assertThat(reader.read(root.resolve("no/such/folder"))).isEmpty();
    assertThat(state().getBranch()).isEqualTo("main");
    assertThat(reader.read(root)).isEmpty();
  }

  @Test
  void aBrokenRepositoryIsSaidToBe() throws Exception {
    final Path index = repository.resolve(".git/index");
    final byte[] whole = Files.readAllBytes(index);
    final byte[] damaged = whole.clone();
    damaged[20] ^= 0x55;
    Files.write(index, damaged);
    assertThatThrownBy(this::state).isInstanceOf(IOException.class);
    Files.write(index, new byte[] {'D', 'I', 'R', 'C'});
    assertThatThrownBy(this::state).isInstanceOf(IOException.class);
    Files.write(index, whole);
    assertThat(state().getBranch()).isEqualTo("main");
    git("init", "--quiet", folder.resolve("other").toString());
    Files.writeString(folder.resolve("other/.git/config"), "[core\nno");
    assertThatThrownBy(() -> new GitReader().read(folder.resolve("other")))
        .isInstanceOf(IOException.class);
  }

  @Test
  void nothingIsReadAgainThatHasNotChanged() throws Exception {
    final GitState first = state();
    assertThat(state()).isSameAs(first);
    commit("file", "two\n");
    assertThat(state()).isEqualTo(first).isNotSameAs(first);
  }

  @Test
  void nothingIsWrittenAndNothingIsRun() throws Exception {
    final Path ran = folder.resolve("ran");
    final Path program = folder.resolve("program");
    Files.writeString(program, "#!/bin/sh\necho \"$0 $*\" >> '" + ran + "'\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    diverge();
    git("merge", "other");
    for (String key :
        new String[] {
          "core.fsmonitor",
          "core.sshCommand",
          "core.pager",
          "core.editor",
          "filter.evil.clean",
          "filter.evil.smudge",
          "filter.evil.process",
          "diff.external",
          "merge.evil.driver"
        }) {
      git("config", key, program.toString());
    }
    git("config", "core.hooksPath", folder.toString());
    Files.writeString(repository.resolve(".git/info/attributes"), "* filter=evil merge=evil\n");
    Files.deleteIfExists(ran);
    final Map<Path, Object> before = times();

    assertThat(state().getOperation()).isEqualTo(GitOperation.GIT_OPERATION_MERGE);

    assertThat(times()).isEqualTo(before);
    assertThat(ran).doesNotExist();
  }

  private Map<Path, Object> times() throws IOException {
    try (Stream<Path> all = Files.walk(repository)) {
      return all.collect(
          Collectors.toMap(path -> path, path -> path.toFile().lastModified() + ":" + path));
    }
  }

  @Test
  void moreConflictsAreCountedThanNamed() throws Exception {
    final StringBuilder entries = new StringBuilder();
    final String blob = git("hash-object", "-w", "file").strip();
    final int many = GitReader.NAMED_CONFLICTS + 5;
    for (int i = 0; i < many; i++) {
      for (int stage = 1; stage <= 3; stage++) {
        entries.append("100644 %s %d\tmany/%05d\n".formatted(blob, stage, i));
      }
    }
    final Path list = folder.resolve("entries");
    Files.writeString(list, entries);
    final Process process =
        new ProcessBuilder("git", "update-index", "--index-info")
            .directory(repository.toFile())
            .redirectInput(list.toFile())
            .start();
    assertThat(process.waitFor()).isZero();

    assertThat(state().getConflictCount()).isEqualTo(many);
    assertThat(state().getConflictsList()).hasSize(GitReader.NAMED_CONFLICTS);
    assertThat(state().getConflicts(0).getPath()).isEqualTo("many/00000");
    assertThat(Optional.of(state().getOperation())).contains(GitOperation.GIT_OPERATION_NONE);
  }
}
