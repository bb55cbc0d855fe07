package dev.cleat.server.policy;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What one tenant may do.
 *
 * @param tenant its name
 * @param tools that its sessions may run
 * @param env names of variables that it may give to a session
 * @param secretEnv names of variables whose values are kept out of everything the server writes
 * @param workdirRoots where a working directory that it names must lie; empty: anywhere
 * @param workspaces that it may use
 * @param defaultWorkspace of a session that names none
 * @param user the number of the system's user, and group, that is its own
 * @param quotas how much it may have
 */
public record TenantPolicy(
    String tenant,
    Names tools,
    Names env,
    Names secretEnv,
    List<Path> workdirRoots,
    Names workspaces,
    Optional<String> defaultWorkspace,
    OptionalInt user,
    Quotas quotas) {

  public TenantPolicy {
    workdirRoots = List.copyOf(workdirRoots);
  }

  /** Everything. */
  static TenantPolicy everything(String tenant) {
    return new TenantPolicy(
        tenant,
        Names.ALL,
        Names.ALL,
        Names.NONE,
        List.of(),
        Names.ALL,
        Optional.empty(),
        OptionalInt.empty(),
        Quotas.NONE);
  }

  /** Nothing: a tenant that the policy does not know. */
  static TenantPolicy nothing(String tenant) {
    return new TenantPolicy(
        tenant,
        Names.NONE,
        Names.NONE,
        Names.NONE,
        List.of(),
        Names.NONE,
        Optional.empty(),
        OptionalInt.empty(),
        Quotas.NONE);
  }
}
