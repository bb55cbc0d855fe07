package dev.cleat.server.isolation;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.isolation.ResourceLimits.CountedBy;
import dev.cleat.server.policy.Limits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is written where, in folders that look like control groups: machines that hand the
 * controllers down are rare. Real groups are in the tests of hostile sessions.
 */
class ControlGroupsTest {
  private static final Limits LIMITS =
      new Limits(
          OptionalLong.of(512L << 20),
          OptionalLong.of(100),
          OptionalLong.of(256),
          OptionalLong.of(1L << 20),
          OptionalLong.of(1500),
          Optional.of(Duration.ofHours(1)));

  @TempDir Path own;

  @BeforeEach
  void makeFolders() throws Exception {
    Files.writeString(own.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
    Files.writeString(own.resolve("cgroup.procs"), ProcessHandle.current().pid() + "\n");
    Files.createDirectory(own.resolve("cleat-1"));
    Files.writeString(own.resolve("cleat-1/cgroup.kill"), "");
  }

  @Test
  void limitsAreHandedDownAndWritten() throws Exception {
    final ControlGroups groups = ControlGroups.open(own, "cleat-1").orElseThrow();
    assertThat(groups.controllers()).containsExactlyInAnyOrder("cpu", "memory", "pids");
    assertThat(own.resolve("cgroup.subtree_control")).hasContent("+cpu +memory +pids");
    assertThat(own.resolve("cleat-1/cgroup.subtree_control")).hasContent("+cpu +memory +pids");

    final Path group = requireNonNull(groups.make("s1", LIMITS).processes().getParent());
    assertThat(group).isEqualTo(own.resolve("cleat-1/s1-1"));
    assertThat(group.resolve("memory.max")).hasContent("536870912");
    assertThat(group.resolve("pids.max")).hasContent("100");
    assertThat(group.resolve("cpu.max")).hasContent("150000 100000");
    assertThat(groups.make("s1", Limits.NONE).processes().getParent()).isEmptyDirectory();
  }

  @Test
  void whatIsNotHandedDownIsNotWritten() throws Exception {
    Files.writeString(own.resolve("cgroup.controllers"), "hugetlb pids\n");
    final ControlGroups groups = ControlGroups.open(own, "cleat-1").orElseThrow();
    final Path group = requireNonNull(groups.make("s1", LIMITS).processes().getParent());
    assertThat(group.resolve("pids.max")).hasContent("100");
    assertThat(group.resolve("memory.max")).doesNotExist();
    assertThat(ResourceLimits.options(LIMITS, groups.controllers(), CountedBy.USER))
        .containsExactly(
            "--core=0:0",
            "--data=536870912:536870912",
            "--nofile=256:256",
            "--fsize=1048576:1048576",
            "--cpu=3600:3600");
    assertThat(ResourceLimits.unmet(LIMITS, groups.controllers(), CountedBy.NOTHING))
        .singleElement()
        .asString()
        .startsWith("cpu ");
  }

  @Test
  void withoutAWayToEndThemThereAreNone() throws Exception {
    assertThat(ControlGroups.open(own, "cleat-2")).isEmpty();
    assertThat(own.resolve("cleat-2")).doesNotExist();
    assertThat(ResourceLimits.options(LIMITS, Set.of(), CountedBy.USER))
        .containsAll(List.of("--nproc=100:100", "--data=536870912:536870912"));
    // Counted by user, they would be the server's own threads.
    assertThat(ResourceLimits.options(LIMITS, Set.of(), CountedBy.NOTHING))
        .doesNotContain("--nproc=100:100");
    assertThat(ResourceLimits.unmet(LIMITS, Set.of(), CountedBy.NOTHING)).hasSize(2);
  }

  @Test
  void processesOfASandboxAreLimitedInIt() {
    assertThat(ResourceLimits.options(LIMITS, Set.of(), CountedBy.SANDBOX))
        .contains("--nofile=256:256")
        .doesNotContain("--nproc=100:100");
    assertThat(ResourceLimits.optionsWithin(LIMITS, Set.of(), CountedBy.SANDBOX))
        .containsExactly("--nproc=100:100");
    assertThat(ResourceLimits.optionsWithin(LIMITS, Set.of(), CountedBy.USER)).isEmpty();
    assertThat(ResourceLimits.optionsWithin(LIMITS, Set.of("pids"), CountedBy.SANDBOX)).isEmpty();
    assertThat(ResourceLimits.optionsWithin(Limits.NONE, Set.of(), CountedBy.SANDBOX)).isEmpty();
    assertThat(ResourceLimits.unmet(LIMITS, Set.of(), CountedBy.SANDBOX))
        .singleElement()
        .asString()
        .startsWith("cpu ");
  }

  @ParameterizedTest
  @CsvSource({
    "6.18.44-fc-v657,     true",
    "5.14,                true",
    "5.14.0-427.el9,      true",
    "10.0-rc1,            true",
    "5.13.19,             false",
    "4.18.0-553.el8_10,   false",
    "'',                  false",
    "unknown,             false",
    "99999999999.1,       false"
  })
  void systemsCountTheProcessesOfASandboxSinceSomeVersion(String release, boolean counts) {
    assertThat(ResourceLimits.countsBySandbox(release)).isEqualTo(counts);
  }
}
