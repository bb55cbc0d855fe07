package dev.cleat.server.policy;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.server.yaml.WrongFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the operator allows, from a file that is read again when it changes: what is asked from then
 * on is answered by the new contents. If there is a mistake in them, the last good ones stay.
 *
 * <p>Thread-safe.
 */
public final class Policy {
  /** What the entry for every tenant without one of its own is called. */
  static final String OTHERS = "*";

  /**
   * What stands in a file.
   *
   * @param tenants by name; null if the file says nothing of tenants
   * @param workspaces by name
   */
  record Contents(
      @Nullable Map<String, TenantEntry> tenants, Map<String, WorkspacePolicy> workspaces) {
    static final Contents NONE = new Contents(null, Map.of());

    Contents {
      tenants = tenants == null ? null : Map.copyOf(tenants);
      workspaces = Map.copyOf(workspaces);
    }
  }

  private final @Nullable WatchedFile<Contents> file;

  private Policy(@Nullable WatchedFile<Contents> file) {
    this.file = file;
  }

  /** No policy: every tenant may do everything, and a workspace is a group of sessions. */
  public static Policy none() {
    return new Policy(null);
  }

  /**
   * The policy of a file.
   *
   * @throws WrongFileException if the file cannot be read or has mistakes; it names all of them
   */
  public static Policy open(Path file) throws WrongFileException {
    return open(file, System::nanoTime);
  }

  static Policy open(Path file, LongSupplier nanoTime) throws WrongFileException {
    return new Policy(new WatchedFile<>("the policy", file, PolicyFile::read, nanoTime));
  }

  private Contents contents() {
    return file == null ? Contents.NONE : file.contents();
  }

  /** Whether there is one. */
  public boolean isSet() {
    return file != null;
  }

  /** What is wrong with the file as it is now; empty if nothing is. */
  public List<Problem> problems() {
    return file == null ? List.of() : file.problems();
  }

  /** What a tenant may do. One that the policy does not know may do nothing. */
  public TenantPolicy tenant(String tenant) {
    Map<String, TenantEntry> tenants = contents().tenants();
    if (tenants == null) {
      return TenantPolicy.everything(tenant);
    }
    TenantEntry entry = tenants.getOrDefault(tenant, tenants.get(OTHERS));
    return entry == null ? TenantPolicy.nothing(tenant) : entry.of(tenant);
  }

  /** How the sessions of a workspace run; empty if the policy does not name it. */
  public Optional<WorkspacePolicy> workspace(String name) {
    return Optional.ofNullable(contents().workspaces().get(name));
  }

  /** All workspaces that the policy names. */
  public Collection<WorkspacePolicy> workspaces() {
    return new TreeMap<>(contents().workspaces()).values();
  }

  /** The tenants that the policy names, in their order. */
  public Set<String> tenants() {
    Map<String, TenantEntry> tenants = contents().tenants();
    TreeMap<String, TenantEntry> named = tenants == null ? new TreeMap<>() : new TreeMap<>(tenants);
    named.remove(OTHERS);
    return named.keySet();
  }

  /** Whether there may be tenants beside each other. */
  public boolean hasSeveralTenants() {
    Map<String, TenantEntry> tenants = contents().tenants();
    return tenants != null && (tenants.size() > 1 || tenants.containsKey(OTHERS));
  }
}
