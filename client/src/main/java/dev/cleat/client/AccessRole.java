package dev.cleat.client;

/** What a caller may do; each may also do what those before it may. */
public enum AccessRole {
  /** Not said, or not known to this version. */
  UNKNOWN,
  /** Sees sessions. */
  VIEWER,
  /** Types into them and prompts them. */
  WRITER,
  /** Answers the questions of their agents. */
  APPROVER,
  /** Creates sessions, and does everything with its own. */
  OWNER,
  /** Does everything with all sessions of the tenant. */
  ADMIN;

  static AccessRole of(dev.cleat.v1.Role raw) {
    return Names.of(AccessRole.class, "ROLE_", raw, UNKNOWN);
  }

  dev.cleat.v1.Role raw() {
    return this == UNKNOWN
        ? dev.cleat.v1.Role.ROLE_UNSPECIFIED
        : dev.cleat.v1.Role.valueOf("ROLE_" + name());
  }
}
