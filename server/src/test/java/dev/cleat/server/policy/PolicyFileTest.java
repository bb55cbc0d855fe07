package dev.cleat.server.policy;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyFileTest {
  private static Policy.Contents read(String text) throws WrongFileException {
    return PolicyFile.read("policy.yaml", text);
  }

  private static List<String> problems(String text) {
    return catchThrowableOfType(WrongFileException.class, () -> read(text)).problems().stream()
        .map(Problem::toString)
        .toList();
  }

  private static TenantPolicy tenant(String fields) throws WrongFileException {
    return requireNonNull(requireNonNull(read("tenants:\n  acme: " + fields).tenants()).get("acme"))
        .of("acme");
  }

  private static WorkspacePolicy workspace(String fields) throws WrongFileException {
    return requireNonNull(read("workspaces:\n  box: " + fields).workspaces().get("box"));
  }

  @Test
  void quotasAreNumbersAndSizes() throws Exception {
    final Quotas quotas =
        tenant(
                "{quotas: {sessions_alive: 10, clients: 0, journal_bytes: 10GiB, message_bytes:"
                    + " 64KiB}}")
            .quotas();
    assertThat(quotas.limits())
        .containsOnly(
            Map.entry(Quota.SESSIONS_ALIVE, 10L),
            Map.entry(Quota.CLIENTS, 0L),
            Map.entry(Quota.JOURNAL_BYTES, 10L << 30),
            Map.entry(Quota.MESSAGE_BYTES, 64L << 10));
    assertThat(quotas.limit(Quota.QUEUED_TURNS)).isEmpty();
    assertThat(tenant("{}").quotas()).isEqualTo(Quotas.NONE);
    assertThat(tenant("{quotas: }").quotas()).isEqualTo(Quotas.NONE);
  }

  @Test
  void aTenantMayWhatIsNotListedAndNoMoreThanWhatIs() throws Exception {
    final TenantPolicy all = tenant("{}");
    assertThat(all.tools().has("bash")).isTrue();
    assertThat(all.env().has("ANY")).isTrue();
    assertThat(all.secretEnv().has("ANY")).isFalse();
    assertThat(all.workdirRoots()).isEmpty();

    final TenantPolicy some =
        tenant(
            "{tools: [bash, claude], env: [LANG, 'GIT_*'], secret_env: ['*'], workspaces: [],"
                + " workdir_roots: ['/srv/{tenant}/work', /opt/shared], user: 20001}");
    assertThat(some.tools().has("bash")).isTrue();
    assertThat(some.tools().has("bas")).isFalse();
    assertThat(some.tools().has("bash2")).isFalse();
    assertThat(some.env().has("GIT_DIR")).isTrue();
    assertThat(some.env().has("GIT")).isFalse();
    assertThat(some.env().has("LANGUAGE")).isFalse();
    assertThat(some.secretEnv().has("X")).isTrue();
    assertThat(some.workspaces().has("box")).isFalse();
    assertThat(some.workdirRoots())
        .containsExactly(Path.of("/srv/acme/work"), Path.of("/opt/shared"));
    assertThat(some.user()).hasValue(20001);
  }

  @Test
  void aWorkspaceSaysHowItsSessionsRun() throws Exception {
    final WorkspacePolicy box =
        workspace(
            "{isolation: sandbox, roots: ['/srv/{tenant}'], home: '/srv/{tenant}/home',"
                + " read_only: [/opt/tools], network: false, users: 20000-20999,"
                + " limits: {memory: 512MiB, processes: 100, open_files: 256, file_size: 1GiB,"
                + " cpu: 1.5, cpu_time: 2h}}");
    assertThat(box.isolation()).isEqualTo(Isolation.SANDBOX);
    assertThat(box.roots("acme")).containsExactly(Path.of("/srv/acme"));
    assertThat(box.home("acme")).hasValue(Path.of("/srv/acme/home"));
    assertThat(box.readOnly()).containsExactly(Path.of("/opt/tools"));
    assertThat(box.network()).isFalse();
    assertThat(box.users().has(20999)).isTrue();
    assertThat(box.users().has(21000)).isFalse();
    assertThat(box.limits().memoryBytes()).hasValue(512 << 20);
    assertThat(box.limits().processes()).hasValue(100);
    assertThat(box.limits().openFiles()).hasValue(256);
    assertThat(box.limits().fileBytes()).hasValue(1 << 30);
    assertThat(box.limits().milliCpus()).hasValue(1500);
    assertThat(box.limits().cpuTime()).hasValue(Duration.ofHours(2));
    assertThat(box.sharesUser()).isFalse();
    assertThat(workspace("{}").sharesUser()).isTrue();
    assertThat(workspace("").isolation()).isEqualTo(Isolation.SAME_USER);
  }

  @Test
  void aPrefixIsAnArgumentVectorWhateverStandsInItsValues() throws Exception {
    final WorkspacePolicy box =
        workspace(
            "{prefix: [docker, exec, -it, [-e, '{env}'], [-w, '{workdir}'], 'box-{tenant}'],"
                + " pipes_prefix: [docker, exec, -i, '{workspace}:{session}'], env: ['GIT_*']}");
    assertThat(box.sharesUser()).isFalse();
    assertThat(box.passedEnv().has("GIT_DIR")).isTrue();
    final Prefix prefix = box.prefix().orElseThrow();
    assertThat(prefix.program()).isEqualTo("docker");
    assertThat(
            prefix.fill(new Prefix.Values("s1", "acme", "/a b; $(c)", "box", Set.of("TERM", "A"))))
        .containsExactly(
            "docker", "exec", "-it", "-e", "A", "-e", "TERM", "-w", "/a b; $(c)", "box-acme");
    assertThat(prefix.fill(new Prefix.Values("s1", "acme", "", "box", Set.of())))
        .containsExactly("docker", "exec", "-it", "box-acme");
    assertThat(
            box.pipesPrefix()
                .orElseThrow()
                .fill(new Prefix.Values("{tenant}$1", "acme", "/w", "b\\x", Set.of())))
        .containsExactly("docker", "exec", "-i", "b\\x:{tenant}$1");
    assertThat(workspace("{prefix: [env]}").pipesPrefix()).isPresent();
  }

  @Test
  void everyMistakeIsNamedWithItsLineAndField() {
    assertThat(
            problems(
                """
                tenants:
                  Acme: {}
                  b:
                    tool: [bash]
                    user: 0
                  c: {workspaces: [nowhere], default_workspace: box, user: 20001}
                  d: {workdir_roots: [relative], user: 20001}
                  e: {quotas: {client: 1, clients: many, creates_per_minute: 0, journal_bytes: 1MB}}
                workspaces:
                  box: {isolation: none}
                """))
        .containsExactly(
            "policy.yaml:2: tenants.Acme: a tenant's name is 1 to 63 of a-z, 0-9 and '-', and"
                + " begins with a letter or digit",
            "policy.yaml:4: tenants.b.tool: unknown key; did you mean tools?",
            "policy.yaml:5: tenants.b.user: must be a user's number, and not root's",
            "policy.yaml:6: tenants.c.workspaces: there is no workspace 'nowhere' here",
            "policy.yaml:6: tenants.c.default_workspace: 'box' is no workspace here, or none that"
                + " the tenant may use",
            "policy.yaml:7: tenants.d.workdir_roots: must be an absolute path"
                .replace("workdir_roots:", "workdir_roots[0]:"),
            "policy.yaml:7: tenants.d.user: 20001 is the user of tenant c",
            "policy.yaml:8: tenants.e.quotas.client: unknown key; did you mean clients?",
            "policy.yaml:8: tenants.e.quotas.clients: must be a number",
            "policy.yaml:8: tenants.e.quotas.creates_per_minute: must be at least 1",
            "policy.yaml:8: tenants.e.quotas.journal_bytes: must be a size such as 64KiB, 512MiB or"
                + " 2GiB",
            "policy.yaml:10: workspaces.box.isolation: 'none' is not one of same-user, own-user,"
                + " sandbox");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {isolation: own-user}                       | roots: is missing
          {isolation: own-user, prefix: [env]}        | prefix: what it starts is isolated by itself
          {prefix: []}                                | prefix: must not be empty
          {prefix: [bin/env]}                         | prefix[0]: must be the name of a program
          {prefix: ['{tenant}']}                      | prefix[0]: the program must not have a placeholder
          {prefix: [env, '{user}']}                   | prefix[1]: unknown placeholder {user}
          {prefix: [[env]]}                           | prefix[0]: the program must be a word
          {pipes_prefix: [env]}                       | pipes_prefix: goes with prefix
          {env: [A]}                                  | env: goes with prefix
          {prefix: [env], limits: {processes: 1}}     | limits: are those of what the prefix leads to
          {network: false}                            | network: goes with isolation: sandbox
          {isolation: sandbox, network: maybe}        | network: 'maybe' is not one of true, false
          {limits: {memory: 1gb}}                     | limits.memory: must be a size
          {limits: {cpu: 0.001}}                      | limits.cpu: must be a number of processors
          {limits: {cpu_time: 0s}}                    | limits.cpu_time: must be a duration
          {isolation: sandbox, users: 5-1}            | users: must be two users' numbers
          {isolation: sandbox, users: 0-1}            | users: must be a user's number, and not root's
          """)
  void aWrongWorkspaceIsRefused(String fields, String problem) {
    assertThat(problems("workspaces: {box: " + fields + "}"))
        .anySatisfy(said -> assertThat(said).contains("workspaces.box." + problem));
  }

  @Test
  void whoMayUseAWorkspaceOfOwnUsersHasAUserInItsRange() {
    final String workspaces =
        "workspaces: {own: {isolation: own-user, roots: [/srv], users: 20000-20009}}\n";
    assertThat(problems(workspaces + "tenants: {a: {}}"))
        .singleElement()
        .asString()
        .contains("tenants.a.user: is missing");
    assertThat(problems(workspaces + "tenants: {a: {user: 20010}}"))
        .singleElement()
        .asString()
        .contains("tenants.a.user: is not among the users of workspace 'own'");
    assertThat(problems(workspaces + "tenants: {'*': {user: 20001}}"))
        .singleElement()
        .asString()
        .contains("tenants.*.user: would be that of several tenants");
  }
}
