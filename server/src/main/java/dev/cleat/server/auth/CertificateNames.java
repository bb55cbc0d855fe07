package dev.cleat.server.auth;

import dev.cleat.v1.Role;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * Whom a client certificate names. One with a SPIFFE id, {@code
 * spiffe://DOMAIN/tenant/T/subject/S/role/R}, is whom that names, and nothing else in it counts;
 * the role may be left out. One without is named by its subject: O is the tenant, CN the subject,
 * OU the role, which may be left out. What is there twice, or is not as said here, names nobody.
 */
final class CertificateNames {
  private static final int URI = 6;
  private static final String SPIFFE = "spiffe:";
  private static final Pattern SPIFFE_ID =
      Pattern.compile(
          "spiffe://[a-z0-9._-]+/tenant/([a-z0-9-]+)/subject/([A-Za-z0-9._-]+)(?:/role/([a-z]+))?");

  /** Of a certificate that does not say; null if it must. */
  private final @Nullable Role defaultRole;

  CertificateNames(@Nullable Role defaultRole) {
    this.defaultRole = defaultRole;
  }

  Optional<Caller> caller(X509Certificate certificate) {
    try {
      final List<String> ids = spiffeIds(certificate);
      return ids.isEmpty()
          ? ofSubject(certificate.getSubjectX500Principal().getName())
          : ids.size() == 1 ? ofSpiffe(ids.getFirst()) : Optional.empty();
    } catch (CertificateParsingException | InvalidNameException e) {
      return Optional.empty();
    }
  }

  private static List<String> spiffeIds(X509Certificate certificate)
      throws CertificateParsingException {
    final Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    return names == null
        ? List.of()
        : names.stream()
            .filter(name -> Integer.valueOf(URI).equals(name.get(0)))
            .map(name -> String.valueOf(name.get(1)))
            .filter(uri -> uri.toLowerCase(Locale.ROOT).startsWith(SPIFFE))
            .toList();
  }

  private Optional<Caller> ofSpiffe(String id) {
    final Matcher matcher = SPIFFE_ID.matcher(id);
    return matcher.matches()
        ? caller(matcher.group(1), matcher.group(2), matcher.group(3))
        : Optional.empty();
  }

  private Optional<Caller> ofSubject(String subject) throws InvalidNameException {
    final List<String> organisations = new ArrayList<>();
    final List<String> names = new ArrayList<>();
    final List<String> units = new ArrayList<>();
    for (Rdn part : new LdapName(subject).getRdns()) {
      // Several names in one part, or one that is no text: what counts is unclear.
      if (part.size() != 1 || !(part.getValue() instanceof String value)) {
        return Optional.empty();
      }
      switch (part.getType().toUpperCase(Locale.ROOT)) {
        case "O" -> organisations.add(value);
        case "CN" -> names.add(value);
        case "OU" -> units.add(value);
        default -> {}
      }
    }
    return organisations.size() == 1 && names.size() == 1 && units.size() <= 1
        ? caller(
            organisations.getFirst(), names.getFirst(), units.isEmpty() ? null : units.getFirst())
        : Optional.empty();
  }

  private Optional<Caller> caller(String tenant, String subject, @Nullable String role) {
    final String word = role != null || defaultRole == null ? role : RoleWords.word(defaultRole);
    return new Claims(tenant, subject, word).caller();
  }
}
