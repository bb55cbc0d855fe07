package dev.cleat.server.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyTest {
  @TempDir Path folder;
  private final AtomicLong now = new AtomicLong();

  private Policy open(String text) throws Exception {
    return Policy.open(write(text), now::get);
  }

  private Path write(String text) throws Exception {
    return Files.writeString(folder.resolve("policy.yaml"), text);
  }

  private void aSecondLater() {
    now.addAndGet(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void withoutAPolicyEverythingIsAllowed() {
    final Policy none = Policy.none();
    assertThat(none.isSet()).isFalse();
    assertThat(none.tenant("anyone").tools().has("bash")).isTrue();
    assertThat(none.tenant("anyone").defaultWorkspace()).isEmpty();
    assertThat(none.workspace("any")).isEmpty();
    assertThat(none.hasSeveralTenants()).isFalse();
    assertThat(none.problems()).isEmpty();
  }

  @Test
  void aTenantThatIsNotNamedHasWhatOthersHaveOrNothing() throws Exception {
    final Policy named = open("tenants: {a: {}}");
    assertThat(named.tenant("a").tools().has("bash")).isTrue();
    assertThat(named.tenant("b").tools().has("bash")).isFalse();
    assertThat(named.tenant("b").workspaces().has("w")).isFalse();
    assertThat(named.hasSeveralTenants()).isFalse();
    assertThat(named.tenants()).containsExactly("a");

    final Policy others =
        open("tenants: {a: {}, '*': {tools: [sh], workdir_roots: ['/w/{tenant}']}}");
    assertThat(others.tenant("b").tenant()).isEqualTo("b");
    assertThat(others.tenant("b").tools().has("sh")).isTrue();
    assertThat(others.tenant("b").tools().has("bash")).isFalse();
    assertThat(others.tenant("b").workdirRoots()).containsExactly(Path.of("/w/b"));
    assertThat(others.hasSeveralTenants()).isTrue();
    assertThat(others.tenants()).containsExactly("a");

    // Who only says how workspaces run has said nothing of tenants.
    assertThat(open("workspaces: {w: {}}").tenant("b").tools().has("bash")).isTrue();
  }

  @Test
  void aTenantsNameLeadsNowhereElse() throws Exception {
    final Policy others = open("tenants: {'*': {workdir_roots: ['/w/{tenant}']}}");
    assertThatThrownBy(() -> others.tenant("../../etc"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void isReadAgainWhenItChangesAndTheLastGoodOneStays() throws Exception {
    final Policy policy = open("tenants: {a: {tools: [bash]}}");
    write("tenants: {a: {tools: [bash, claude]}}");
    assertThat(policy.tenant("a").tools().has("claude")).isFalse();
    aSecondLater();
    assertThat(policy.tenant("a").tools().has("claude")).isTrue();

    write("tenants: {a: {tools: bash, what: 1}}");
    aSecondLater();
    assertThat(policy.tenant("a").tools().has("claude")).isTrue();
    assertThat(policy.problems())
        .extracting(Problem::field)
        .containsExactlyInAnyOrder("tenants.a.tools", "tenants.a.what");

    Files.delete(folder.resolve("policy.yaml"));
    aSecondLater();
    assertThat(policy.tenant("a").tools().has("claude")).isTrue();
    assertThat(policy.problems()).extracting(Problem::message).containsExactly("does not exist");

    write("workspaces: {w: {}}");
    aSecondLater();
    assertThat(policy.problems()).isEmpty();
    assertThat(policy.workspace("w")).isPresent();
    assertThat(policy.tenant("b").tools().has("bash")).isTrue();
  }

  @Test
  void aFileThatIsWrongFromTheStartIsRefused() {
    assertThatThrownBy(() -> Policy.open(folder.resolve("none.yaml")))
        .isInstanceOf(WrongFileException.class)
        .hasMessageEndingWith("does not exist");
    assertThatThrownBy(() -> open("tenants: [a]")).isInstanceOf(WrongFileException.class);
  }
}
