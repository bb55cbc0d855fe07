package dev.cleat.server.isolation;

import dev.cleat.server.policy.TenantPolicy;
import dev.cleat.server.policy.WorkspacePolicy;
import java.util.List;
import java.util.Map;

/**
 * What is to be started, and where.
 *
 * @param session what it is called among those of all tenants
 * @param argv the program, by its absolute path where it runs on this machine, and its arguments
 * @param environment the whole environment of the program
 * @param workdir absolute; behind a prefix it may be empty, and is meant there
 * @param terminal whether it is connected to a terminal, or to pipes
 */
public record Wish(
    WorkspacePolicy workspace,
    TenantPolicy tenant,
    String session,
    List<String> argv,
    Map<String, String> environment,
    String workdir,
    boolean terminal) {
  public Wish {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
  }

  /** Without arguments and values of the environment: they may be secrets. */
  @Override
  public String toString() {
    return "Wish[" + workspace.name() + ", " + tenant.tenant() + ", " + session + "]";
  }
}
