package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.server.isolation.Cell;
import dev.cleat.server.isolation.Confined;
import dev.cleat.server.isolation.IsolationException;
import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.isolation.Wish;
import dev.cleat.server.policy.Isolation;
import dev.cleat.server.policy.TenantPolicy;
import dev.cleat.server.policy.WorkspacePolicy;
import dev.cleat.server.terminal.Size;
import dev.cleat.server.terminal.TerminalSpec;
import dev.cleat.server.terminal.TerminalSpec.Meant;
import dev.cleat.server.tool.Launch;
import dev.cleat.server.tool.Mode;
import dev.cleat.server.tool.Site;
import dev.cleat.v1.ErrorReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where and how a session runs, as the policy has it at this moment.
 *
 * @param tenant what the session's tenant may do
 * @param workspace how the sessions of its workspace run
 * @param key which session it is
 */
record Placement(Shared shared, TenantPolicy tenant, WorkspacePolicy workspace, SessionKey key) {

  /**
   * What is started, and what holds it together.
   *
   * @param cell to be closed when the process has ended, or could not be started
   */
  record Prepared(TerminalSpec spec, Cell cell) {}

  /**
   * The place of a session.
   *
   * @param name the workspace it is to be in; empty: the tenant's own choice
   * @throws Refusal NOT_ALLOWED
   */
  static Placement of(Shared shared, SessionKey key, String name) {
    final TenantPolicy tenant = shared.policy().tenant(key.tenant());
    final String chosen = name.isEmpty() ? tenant.defaultWorkspace().orElse("") : name;
    if (!chosen.isEmpty() && !tenant.workspaces().has(chosen)) {
      throw notAllowed("workspace", "may be one of these: " + or(tenant.workspaces().patterns()));
    }
    final Optional<WorkspacePolicy> named = shared.policy().workspace(chosen);
    if (named.isEmpty() && !chosen.isEmpty() && !shared.policy().workspaces().isEmpty()) {
      // As a mere group it would be neither isolated nor limited.
      throw notAllowed("workspace", "may be one of these: " + or(names(usable(shared, tenant))));
    }
    final WorkspacePolicy workspace = named.orElseGet(() -> WorkspacePolicy.group(chosen));
    if (workspace.sharesUser()
        && shared.policy().hasSeveralTenants()
        && !shared.settings().allowSameUser()) {
      throw notApart(shared, tenant);
    }
    return new Placement(shared, tenant, workspace, key);
  }

  private static Refusal notApart(Shared shared, TenantPolicy tenant) {
    return notAllowed(
        "workspace",
        "must be one that keeps tenants apart; those of the policy: "
            + or(names(usable(shared, tenant).filter(one -> !one.sharesUser()))));
  }

  private static Stream<WorkspacePolicy> usable(Shared shared, TenantPolicy tenant) {
    return shared.policy().workspaces().stream().filter(one -> tenant.workspaces().has(one.name()));
  }

  private static List<String> names(Stream<WorkspacePolicy> workspaces) {
    return workspaces.map(WorkspacePolicy::name).toList();
  }

  private static String or(Collection<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  private static Refusal notAllowed(String field, String description) {
    return Refusal.notAllowed(field, description);
  }

  /** Its workspace's name, which the tenant's own choice may have given it. */
  String name() {
    return workspace.name();
  }

  /** Whether the server reads files that its working directory names: its own, as it were. */
  boolean isHere() {
    return workspace.prefix().isEmpty();
  }

  /** Whether what lies in its working directory was written by the server's own user. */
  boolean isOwnUser() {
    return workspace.isolation() == Isolation.SAME_USER && isHere();
  }

  /** What the catalogue can know of it. */
  Site site() {
    if (!isHere()) {
      return Site.ELSEWHERE;
    }
    return workspace.isolation() == Isolation.SAME_USER ? Site.SERVER : Site.MACHINE;
  }

  /**
   * Refuses a tool and variables that the tenant may not use, and the server's user where there are
   * sessions of other tenants: a policy need not know of them all.
   *
   * @throws Refusal NOT_ALLOWED
   */
  void check(String tool, Collection<String> env) {
    if (workspace.sharesUser()
        && !shared.settings().allowSameUser()
        && shared.store().hasSessionsOfOthers(key.tenant())) {
      throw notApart(shared, tenant);
    }
    if (!tenant.tools().has(tool)) {
      throw notAllowed("tool", "may not be run; ListTools names those that may");
    }
    for (String name : env.stream().sorted().toList()) {
      if (!tenant.env().has(name)) {
        throw notAllowed("env", "may not have a variable " + name);
      }
      if (!isHere() && !workspace.passedEnv().has(name)) {
        throw notAllowed(
            "env", "may not have a variable " + name + ": the workspace passes no such one on");
      }
    }
  }

  /**
   * Where a working directory that is named must lie; empty: anywhere, and nowhere in a sandbox.
   */
  private List<List<Path>> roots() {
    final List<List<Path>> roots = new ArrayList<>();
    roots.add(tenant.workdirRoots());
    roots.add(workspace.roots(tenant.tenant()));
    roots.removeIf(List::isEmpty);
    return roots;
  }

  /**
   * Refuses a working directory that is not below those that it must be below.
   *
   * @param asked absolute
   * @return without links, where the policy says something of it
   * @throws Refusal NOT_ALLOWED, or about the directory
   */
  Path check(Path asked) {
    if (!isHere()) {
      if (roots().stream().anyMatch(some -> some.stream().noneMatch(asked::startsWith))) {
        throw outside();
      }
      return asked;
    }
    if (roots().isEmpty() && site() == Site.SERVER) {
      Starter.checkWorkdir(asked);
      return asked;
    }
    final Path real = real(asked);
    if (!isOwn(real)) {
      if (roots().isEmpty() && workspace.isolation() == Isolation.SANDBOX) {
        // Whatever it were, the sandbox would have it, to write in.
        throw notAllowed(
            "workdir", "must be left out: the policy names no directories that one may lie below");
      }
      if (roots().stream().anyMatch(some -> isOutside(real, some))) {
        throw outside();
      }
      final Path data = shared.settings().dataFolder();
      if (site() != Site.SERVER && (real.startsWith(data) || data.startsWith(real))) {
        throw outside();
      }
    }
    Starter.checkWorkdir(real);
    return real;
  }

  private boolean isOwn(Path real) {
    return real.equals(Workspace.of(this).path());
  }

  private static Refusal outside() {
    return notAllowed("workdir", "must lie below one of the directories that are allowed");
  }

  /**
   * A path without links, as far as it is there.
   *
   * @throws Refusal NOT_ALLOWED for a link to nothing: nobody is told what there is elsewhere
   */
  private static Path real(Path path) {
    for (Path there = path; there != null; there = there.getParent()) {
      try {
        return there.toRealPath().resolve(there.relativize(path)).normalize();
      } catch (IOException e) {
        if (Files.isSymbolicLink(there)) {
          throw outside();
        }
      }
    }
    return path;
  }

  private static boolean isOutside(Path real, List<Path> roots) {
    return roots.stream().map(Placement::real).noneMatch(real::startsWith);
  }

  /**
   * The directory to start in; made when the session has none of its own.
   *
   * @throws Refusal as {@link #check(Path)}
   */
  Path workdir(String asked) {
    if (!asked.isEmpty()) {
      return check(Starter.path(asked));
    }
    if (!isHere()) {
      return Path.of("/");
    }
    try {
      final Workspace own = Workspace.of(this);
      if (shared.isolator().makeWorkdir(workspace, tenant, key.text()).isEmpty()) {
        own.create();
      }
      return own.path();
    } catch (IOException e) {
      throw Refusal.storageUnavailable();
    } catch (IsolationException e) {
      throw refusal(e);
    }
  }

  /** The variables of its process that come from the caller, and who the process is. */
  Map<String, String> environment(Map<String, String> env, Path workdir) {
    final Map<String, String> all =
        new HashMap<>(shared.isolator().identity(workspace, tenant, workdir));
    all.putAll(env);
    return all;
  }

  /**
   * What starts a tool here.
   *
   * @param asked the working directory that the session has been given; may be empty
   * @throws Refusal START_FAILED if this machine cannot
   */
  Prepared prepare(Launch launch, String asked, Path workdir, Size size) {
    try {
      final Confined confined =
          shared
              .isolator()
              .confine(
                  new Wish(
                      workspace,
                      tenant,
                      key.text(),
                      launch.argv(),
                      launch.environment(),
                      isHere() ? workdir.toString() : asked,
                      launch.mode() == Mode.PTY));
      try {
        return new Prepared(spec(confined, workdir, size), confined.cell());
      } catch (RuntimeException e) {
        confined.cell().close();
        throw e;
      }
    } catch (IsolationException e) {
      throw refusal(e);
    }
  }

  private TerminalSpec spec(Confined confined, Path workdir, Size size) {
    return new TerminalSpec(
        confined.argv(),
        confined.environment(),
        confined.workdir(),
        size,
        isHere() ? within(workdir) : List.of(),
        meant());
  }

  private Meant meant() {
    if (workspace.isolation() == Isolation.SANDBOX) {
      return Meant.CHILD;
    }
    return site() == Site.ELSEWHERE ? Meant.BEHIND : Meant.PROGRAM;
  }

  /** The directory was without links when it was checked; so it must be the same one now. */
  private List<Path> within(Path workdir) {
    return roots().isEmpty() ? List.of() : List.of(workdir);
  }

  private Refusal refusal(IsolationException e) {
    return Refusal.of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_START_FAILED,
            "it cannot be started in its workspace: " + e.getMessage())
        .with("session_id", key.id());
  }

  /** The directory that the server makes for it if it is not given one. */
  Path ownWorkdir() {
    return Isolator.ownWorkdir(workspace, tenant, key.text())
        .orElseGet(() -> shared.settings().workspaceRoot().resolve(key.text()));
  }
}
