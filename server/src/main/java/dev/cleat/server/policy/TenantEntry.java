package dev.cleat.server.policy;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An entry for one tenant, or for all that have none of their own. {@link TenantPolicy} says what
 * its parts mean.
 */
record TenantEntry(
    Names tools,
    Names env,
    Names secretEnv,
    List<TenantPath> workdirRoots,
    Names workspaces,
    Optional<String> defaultWorkspace,
    OptionalInt user,
    Quotas quotas) {

  TenantEntry {
    workdirRoots = List.copyOf(workdirRoots);
  }

  TenantPolicy of(String tenant) {
    return new TenantPolicy(
        tenant,
        tools,
        env,
        secretEnv,
        TenantPath.of(workdirRoots, tenant),
        workspaces,
        defaultWorkspace,
        user,
        quotas);
  }
}
