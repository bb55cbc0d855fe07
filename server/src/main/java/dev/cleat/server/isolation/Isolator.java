package dev.cleat.server.isolation;

import dev.cleat.server.isolation.ResourceLimits.CountedBy;
import dev.cleat.server.policy.Isolation;
import dev.cleat.server.policy.Limits;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.policy.Prefix;
import dev.cleat.server.policy.TenantPolicy;
import dev.cleat.server.policy.WorkspacePolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what is to be started into what starts it in its workspace, as a chain of programs each of
 * which becomes the next: into a control group, under resource limits, as the tenant's user,
 * without new privileges, into a sandbox; or behind the workspace's prefix. No user's word meets a
 * shell.
 *
 * <p>Thread-safe.
 */
public final class Isolator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Isolator.class);

  /** Goes into a control group and becomes the rest of its arguments. Nothing is put into it. */
  private static final String JOIN = "echo 0 > \"$0\" && exec \"$@\"";

  private static final Set<String> SERVERS_OWN = Set.of("PATH", "HOME", "USER", "LOGNAME", "SHELL");
  private static final List<String> SIGNALS = List.of("HUP", "INT", "QUIT", "TERM");
  private static final Path ROOT = Path.of("/");
  private static final int DIGEST_BYTES = 8;

  private final Path data;
  private final Programs programs;
  private final boolean root;
  private final boolean countsBySandbox;
  private final @Nullable ControlGroups groups;
  private final @Nullable GroupMarks marks;

  Isolator(
      Path data,
      Programs programs,
      boolean root,
      @Nullable ControlGroups groups,
      @Nullable GroupMarks marks) {
    this.data = data;
    this.programs = programs;
    this.root = root;
    this.countsBySandbox = ResourceLimits.countsBySandbox(System.getProperty("os.version", ""));
    this.groups = groups;
    this.marks = marks;
  }

  /** What there is without a policy: nothing is isolated. */
  public static Isolator none(Path data) {
    return new Isolator(data, new Programs(""), false, null, null);
  }

  /**
   * What this machine has.
   *
   * @param data the server's folder, which no session may see, and which no other server has open
   */
  public static Isolator open(Path data) throws IOException {
    final boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    final Path real = data.toRealPath();
    final String name = "cleat-" + digest(real.toString());
    final ControlGroups groups = ControlGroups.open(name).orElse(null);
    return new Isolator(
        real,
        new Programs(System.getenv().getOrDefault("PATH", "")),
        root,
        groups,
        root && groups == null ? GroupMarks.open(name).orElse(null) : null);
  }

  /** Short, and not to be met by a folder that was named to meet it. */
  private static String digest(String text) {
    try {
      final byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  /** What a policy needs and this machine has not, in words; empty if it has everything. */
  public List<String> missing(Policy policy) {
    final List<String> missing = new ArrayList<>();
    policy
        .workspaces()
        .forEach(workspace -> {
          final String where = "workspace " + workspace.name() + ": ";
          workspace
              .prefix()
              .filter(prefix -> programs.find(prefix.program()).isEmpty())
              .ifPresent(prefix ->
                  missing.add(where + "there is no program " + prefix.program() + " on the PATH"));
          needed(workspace).stream()
              .filter(program -> programs.find(program).isEmpty())
              .forEach(program ->
                  missing.add(
                      where
                          + "isolation: %s needs the program %s; on Debian it is in the package %s"
                              .formatted(workspace.isolation(), program, debian(program))));
          if (workspace.isolation() == Isolation.OWN_USER && !root) {
            missing.add(
                where
                    + "isolation: own-user needs a server that runs as root, to give processes to"
                    + " other users");
          }
          if (workspace.isolation() == Isolation.SANDBOX && root && workspace.roots().isEmpty()) {
            missing.add(
                where
                    + "roots is missing: as this server runs as root, its sandboxes run as the"
                    + " tenants' users, who cannot enter its folder");
          }
        });
    sandboxesOfRoot(policy, missing);
    return missing;
  }

  private void sandboxesOfRoot(Policy policy, List<String> missing) {
    for (final WorkspacePolicy workspace : policy.workspaces()) {
      if (!root || workspace.isolation() != Isolation.SANDBOX) {
        continue;
      }
      for (final String name : policy.tenants()) {
        final TenantPolicy tenant = policy.tenant(name);
        if (tenant.workspaces().has(workspace.name()) && !hasUser(workspace, tenant)) {
          missing.add(
              "tenant %s: it has no user, or none that is among those of workspace %s: as this"
                      .formatted(name, workspace.name())
                  + " server runs as root, its sandboxes run as the tenants' users");
        }
      }
    }
  }

  private static List<String> needed(WorkspacePolicy workspace) {
    final List<String> needed = new ArrayList<>();
    if (workspace.prefix().isEmpty() && isWrapped(workspace)) {
      needed.addAll(List.of("sh", "env", "prlimit"));
    }
    switch (workspace.isolation()) {
      case SAME_USER -> {}
      case OWN_USER -> needed.add("setpriv");
      case SANDBOX -> needed.addAll(List.of("setpriv", "bwrap"));
    }
    return needed;
  }

  private static String debian(String program) {
    return switch (program) {
      case "bwrap" -> "bubblewrap";
      case "env" -> "coreutils";
      case "sh" -> "dash";
      default -> "util-linux";
    };
  }

  /** How each workspace of a policy is isolated here, and what is not limited, in words. */
  public List<String> says(Policy policy) {
    return policy.workspaces().stream().map(this::says).toList();
  }

  private String says(WorkspacePolicy workspace) {
    if (workspace.prefix().isPresent()) {
      return "Workspace %s: behind %s"
          .formatted(workspace.name(), workspace.prefix().get().program());
    }
    final List<String> unmet =
        ResourceLimits.unmet(workspace.limits(), controllers(), counted(workspace));
    return "Workspace %s: %s; limits by %s%s%s"
        .formatted(
            workspace.name(),
            workspace.isolation(),
            controllers().isEmpty()
                ? "rlimits"
                : "control groups (" + String.join(", ", controllers()) + ") and rlimits",
            saysOfLeavers(workspace),
            unmet.isEmpty() ? "" : "; NOT limited: " + String.join(", ", unmet));
  }

  private String saysOfLeavers(WorkspacePolicy workspace) {
    if (groups != null) {
      return "; a control group ends what leaves its session";
    }
    return switch (workspace.isolation()) {
      case SANDBOX -> "; a sandbox ends what leaves its session";
      case OWN_USER ->
          marks == null
              ? "; what leaves its session may outlive it"
              : "; a group of its own marks what leaves its session, which is ended";
      case SAME_USER -> "; what leaves its session may outlive it";
    };
  }

  private Set<String> controllers() {
    return groups == null ? Set.of() : groups.controllers();
  }

  private boolean hasOwnUser(WorkspacePolicy workspace) {
    return root && workspace.isolation() != Isolation.SAME_USER;
  }

  private CountedBy counted(WorkspacePolicy workspace) {
    if (workspace.isolation() == Isolation.SANDBOX && countsBySandbox) {
      return CountedBy.SANDBOX;
    }
    return hasOwnUser(workspace) ? CountedBy.USER : CountedBy.NOTHING;
  }

  private static boolean hasUser(WorkspacePolicy workspace, TenantPolicy tenant) {
    return tenant.user().isPresent() && workspace.users().has(tenant.user().getAsInt());
  }

  private static boolean isWrapped(WorkspacePolicy workspace) {
    return workspace.isolation() != Isolation.SAME_USER || !workspace.limits().equals(Limits.NONE);
  }

  /**
   * The user that a tenant's processes in a workspace have.
   *
   * @return empty: the server's
   * @throws IsolationException if the tenant has none there
   */
  private OptionalInt user(WorkspacePolicy workspace, TenantPolicy tenant)
      throws IsolationException {
    if (workspace.isolation() == Isolation.OWN_USER && !root) {
      // Refused at the start; but a policy is read again when it changes.
      throw new IsolationException("own-user needs a server that runs as root");
    }
    if (!hasOwnUser(workspace)) {
      return OptionalInt.empty();
    }
    if (!hasUser(workspace, tenant)) {
      throw new IsolationException("the tenant has no user in this workspace");
    }
    return tenant.user();
  }

  /**
   * Makes the working directory of a session that was not given one, if the workspace has roots.
   *
   * @return empty if it has none: the server's own place for them is meant
   * @throws IsolationException if it cannot be made
   */
  public Optional<Path> makeWorkdir(WorkspacePolicy workspace, TenantPolicy tenant, String session)
      throws IsolationException {
    final Optional<Path> own = ownWorkdir(workspace, tenant, session);
    if (own.isPresent()) {
      final OptionalInt user = user(workspace, tenant);
      try {
        final Path above = own.get().resolveSibling(".").normalize();
        if (workspace.hasOwnRoots() && !Files.isDirectory(above)) {
          Folders.make(above, user);
        }
        Folders.make(own.get(), user);
      } catch (IOException e) {
        LOG.warn("The directory of session {} cannot be made", session, e);
        throw new IsolationException("its working directory cannot be made");
      }
    }
    return own;
  }

  /** Where the working directory of a session is that was not given one. */
  public static Optional<Path> ownWorkdir(
      WorkspacePolicy workspace, TenantPolicy tenant, String session) {
    return workspace.prefix().isPresent()
        ? Optional.empty()
        : workspace.roots(tenant.tenant()).stream()
            .findFirst()
            .map(first -> first.resolve("cleat-" + session));
  }

  /**
   * Variables that say who and where a process of a workspace is, over those of the server.
   *
   * @param workdir of the session
   */
  public Map<String, String> identity(
      WorkspacePolicy workspace, TenantPolicy tenant, Path workdir) {
    if (workspace.isolation() == Isolation.SAME_USER) {
      return Map.of();
    }
    final String home = workspace.home(tenant.tenant()).orElse(workdir).toString();
    return Map.of("HOME", home, "USER", tenant.tenant(), "LOGNAME", tenant.tenant());
  }

  /**
   * What to start.
   *
   * @throws IsolationException if this machine cannot, in words for the caller
   */
  public Confined confine(Wish wish) throws IsolationException {
    final Optional<Prefix> prefix =
        wish.terminal() ? wish.workspace().prefix() : wish.workspace().pipesPrefix();
    if (prefix.isPresent()) {
      return behind(prefix.get(), wish);
    }
    if (!isWrapped(wish.workspace())) {
      return new Confined(wish.argv(), wish.environment(), Path.of(wish.workdir()), Cell.NONE);
    }
    final OptionalInt user = user(wish.workspace(), wish.tenant());
    makeHome(wish, user);
    try {
      return wrapped(wish, user, cell(wish));
    } catch (IOException e) {
      LOG.warn("Session {}: no group can be made for its processes", wish.session(), e);
      throw new IsolationException("its group of processes cannot be made");
    }
  }

  private Cell cell(Wish wish) throws IOException {
    if (groups != null) {
      return groups.make(wish.session(), wish.workspace().limits());
    }
    return marks != null && wish.workspace().isolation() == Isolation.OWN_USER
        ? marks.make()
        : Cell.NONE;
  }

  private void makeHome(Wish wish, OptionalInt user) throws IsolationException {
    final Optional<Path> home =
        wish.workspace().isolation() == Isolation.SAME_USER
            ? Optional.empty()
            : wish.workspace().home(wish.tenant().tenant());
    if (home.isPresent()) {
      try {
        Folders.make(home.get(), user);
      } catch (IOException e) {
        LOG.warn("The home directory of tenant {} cannot be made", wish.tenant().tenant(), e);
        throw new IsolationException("the tenant's home directory cannot be made");
      }
    }
  }

  private Confined behind(Prefix prefix, Wish wish) throws IsolationException {
    final String program =
        programs
            .find(prefix.program())
            .orElseThrow(() ->
                new IsolationException("the program of the workspace's prefix is not installed"));
    final Set<String> passed = new TreeSet<>(wish.environment().keySet());
    passed.removeAll(SERVERS_OWN);
    final List<String> argv =
        prefix.fill(
            new Prefix.Values(
                wish.session(),
                wish.tenant().tenant(),
                wish.workdir(),
                wish.workspace().name(),
                passed));
    argv.set(0, program);
    argv.addAll(wish.argv());
    return new Confined(argv, wish.environment(), ROOT, Cell.NONE);
  }

  private Confined wrapped(Wish wish, OptionalInt user, Cell cell) {
    final WorkspacePolicy workspace = wish.workspace();
    final boolean sandboxed = workspace.isolation() == Isolation.SANDBOX;
    final List<String> argv = new ArrayList<>();
    if (cell instanceof ControlGroups.Group group) {
      argv.addAll(List.of(programs.get("sh"), "-c", JOIN, group.processes().toString()));
    }
    argv.add(programs.get("prlimit"));
    final CountedBy counted = counted(workspace);
    argv.addAll(ResourceLimits.options(workspace.limits(), controllers(), counted));
    if (workspace.isolation() != Isolation.SAME_USER) {
      argv.addAll(
          setpriv(
              user,
              cell instanceof GroupMarks.Mark mark
                  ? "--groups=" + mark.group()
                  : "--clear-groups"));
    }
    if (sandboxed) {
      argv.add(programs.get("env"));
      // What bubblewrap does not survive, the program in it could not handle.
      SIGNALS.forEach(signal -> argv.add("--ignore-signal=" + signal));
      argv.add(programs.get("bwrap"));
      final List<Path> writable = new ArrayList<>();
      workspace.home(wish.tenant().tenant()).ifPresent(writable::add);
      writable.add(Path.of(wish.workdir()));
      argv.addAll(Sandbox.options(workspace, data, writable, wish.workdir()));
      final List<String> within =
          ResourceLimits.optionsWithin(workspace.limits(), controllers(), counted);
      if (!within.isEmpty()) {
        argv.add(programs.get("prlimit"));
        argv.addAll(within);
      }
    }
    final InertEnvironment inert = InertEnvironment.of(wish.environment());
    argv.addAll(
        inert.restore(programs.get("env"), sandboxed ? List.of("--default-signal") : List.of()));
    argv.addAll(wish.argv());
    return new Confined(argv, inert.variables(), Path.of(wish.workdir()), cell);
  }

  private List<String> setpriv(OptionalInt user, String groupsOption) {
    final List<String> argv = new ArrayList<>(List.of(programs.get("setpriv"), "--no-new-privs"));
    user.ifPresent(number ->
        argv.addAll(
            List.of(
                "--reuid=" + number,
                "--regid=" + number,
                groupsOption,
                "--inh-caps=-all",
                "--bounding-set=-all")));
    argv.add("--");
    return argv;
  }

  /** Ends what is left of the processes that it has confined. */
  @Override
  public void close() {
    if (groups != null) {
      groups.close();
    }
    if (marks != null) {
      marks.close();
    }
  }
}
