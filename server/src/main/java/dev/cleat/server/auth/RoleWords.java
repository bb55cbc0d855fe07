package dev.cleat.server.auth;

import dev.cleat.v1.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Roles as operators and credentials write them: {@code viewer} to {@code admin}. */
public final class RoleWords {
  private static final String PREFIX = "ROLE_";
  private static final Map<String, Role> ROLES = new LinkedHashMap<>();

  static {
    for (Role role :
        List.of(
            Role.ROLE_VIEWER,
            Role.ROLE_WRITER,
            Role.ROLE_APPROVER,
            Role.ROLE_OWNER,
            Role.ROLE_ADMIN)) {
      ROLES.put(word(role), role);
    }
  }

  private RoleWords() {}

  /** All of them, the least first. */
  public static List<String> all() {
    return List.copyOf(ROLES.keySet());
  }

  /** The role of a word; empty if it is none. */
  public static Optional<Role> role(@Nullable String word) {
    return Optional.ofNullable(ROLES.get(word));
  }

  /** The word for a role. */
  public static String word(Role role) {
    return role.name().substring(PREFIX.length()).toLowerCase(Locale.ROOT);
  }
}
