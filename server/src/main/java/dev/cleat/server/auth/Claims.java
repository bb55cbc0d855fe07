package dev.cleat.server.auth;

import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a credential says of its bearer, not yet looked at.
 *
 * @param tenant null if it does not say
 * @param subject null if it does not say
 * @param role the word; null if it does not say
 */
record Claims(@Nullable String tenant, @Nullable String subject, @Nullable String role) {
  /** Before the subject of whoever gave out a ticket; no other subject begins so. */
  static final String TICKET = "ticket:";

  private static final int LONGEST_SUBJECT = 190;
  private static final Pattern TENANT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  static boolean isTenant(String text) {
    return TENANT.matcher(text).matches();
  }

  /** Leaves room for what stands before it in a ticket. */
  static boolean isSubject(String text) {
    return !text.isBlank()
        && text.codePointCount(0, text.length()) <= LONGEST_SUBJECT
        && text.codePoints().noneMatch(Character::isISOControl)
        && !text.startsWith(TICKET);
  }

  /** The caller; empty if something is missing or is not what it must be. */
  Optional<Caller> caller() {
    if (tenant == null || subject == null || !isTenant(tenant) || !isSubject(subject)) {
      return Optional.empty();
    }
    return RoleWords.role(role).map(known -> new Caller(tenant, subject, known, null));
  }
}
