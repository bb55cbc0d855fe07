package dev.cleat.cli;

import dev.cleat.client.AccessRole;
import java.util.Locale;

/** What a caller may do, as it is said on the command line. */
enum RoleWord {
  VIEWER,
  WRITER,
  APPROVER,
  OWNER,
  ADMIN;

  AccessRole role() {
    return AccessRole.valueOf(name());
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
