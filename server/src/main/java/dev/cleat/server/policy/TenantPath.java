package dev.cleat.server.policy;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An absolute directory that may have a tenant's name in it.
 *
 * @param template with {@code {tenant}} where the name goes
 */
public record TenantPath(String template) {
  static final String PLACEHOLDER = "{tenant}";
  private static final Pattern TENANT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  /**
   * The tenant's own.
   *
   * @throws IllegalArgumentException if the name is none that a tenant can have
   */
  public Path of(String tenant) {
    if (!TENANT.matcher(tenant).matches()) {
      // It would be somewhere else.
      throw new IllegalArgumentException("not a tenant's name");
    }
    return Path.of(template.replace(PLACEHOLDER, tenant)).normalize();
  }

  /** Whether it is one tenant's alone. */
  boolean isOneTenants() {
    return template.contains(PLACEHOLDER);
  }

  static boolean isTenant(String name) {
    return TENANT.matcher(name).matches();
  }

  static List<Path> of(List<TenantPath> paths, String tenant) {
    return paths.stream().map(path -> path.of(tenant)).toList();
  }
}
