package dev.cleat.server.policy;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How the sessions of one workspace run.
 *
 * @param name of the workspace
 * @param isolation what keeps their processes apart, on this machine
 * @param prefix what starts them on a terminal, elsewhere; empty: they run on this machine
 * @param pipesPrefix what starts them on pipes; as many as {@code prefix}
 * @param passedEnv names of the variables that the prefix's program gets, to pass them on
 * @param limits what each session may use
 * @param roots where working directories must lie, with {@code {tenant}} in them
 * @param home the home directory, with {@code {tenant}} in it
 * @param readOnly paths of this machine that a sandbox shows beside the system's own
 * @param network whether a sandbox has the machine's network
 * @param users what the numbers of tenants' users must be between
 */
public record WorkspacePolicy(
    String name,
    Isolation isolation,
    Optional<Prefix> prefix,
    Optional<Prefix> pipesPrefix,
    Names passedEnv,
    Limits limits,
    List<TenantPath> roots,
    Optional<TenantPath> home,
    List<Path> readOnly,
    boolean network,
    UserRange users) {

  /** A number of users, first and last included. */
  public record UserRange(int first, int last) {
    /** All but root. */
    static final UserRange ALL = new UserRange(1, Integer.MAX_VALUE - 1);

    /** Whether a number is in it. */
    public boolean has(int user) {
      return first <= user && user <= last;
    }
  }

  public WorkspacePolicy {
    roots = List.copyOf(roots);
    readOnly = List.copyOf(readOnly);
  }

  /** A workspace that is a mere group of sessions on this machine. */
  public static WorkspacePolicy group(String name) {
    return new WorkspacePolicy(
        name,
        Isolation.SAME_USER,
        Optional.empty(),
        Optional.empty(),
        Names.ALL,
        Limits.NONE,
        List.of(),
        Optional.empty(),
        List.of(),
        true,
        UserRange.ALL);
  }

  /** Whether its processes run on this machine as the server's user and see what it sees. */
  public boolean sharesUser() {
    return isolation == Isolation.SAME_USER && prefix.isEmpty();
  }

  /** Where a tenant's working directories must lie; empty: anywhere. */
  public List<Path> roots(String tenant) {
    return TenantPath.of(roots, tenant);
  }

  /** Whether the first root is one tenant's alone, and so may be made for him. */
  public boolean hasOwnRoots() {
    return !roots.isEmpty() && roots.getFirst().isOneTenants();
  }

  /** A tenant's home directory; empty: the working directory is. */
  public Optional<Path> home(String tenant) {
    return home.map(path -> path.of(tenant));
  }
}
