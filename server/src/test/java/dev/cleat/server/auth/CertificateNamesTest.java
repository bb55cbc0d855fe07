package dev.cleat.server.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.testing.Authority;
import dev.cleat.v1.Role;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(Lifecycle.PER_CLASS)
class CertificateNamesTest {
  private Authority authority;

  @BeforeAll
  void create() throws Exception {
    authority = Authority.create();
  }

  private Optional<Caller> caller(String subject, String... uris) throws Exception {
    return new CertificateNames(Role.ROLE_VIEWER)
        .caller(authority.client(subject, uris).certificate());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "O=build, CN=ci, OU=owner | build | ci | ROLE_OWNER",
        "OU=admin, CN=Ann Other, O=a-1, C=DE | a-1 | Ann Other | ROLE_ADMIN",
        "CN=ci, O=build | build | ci | ROLE_VIEWER",
      })
  void theSubjectNamesTheCaller(String subject, String tenant, String name, Role role)
      throws Exception {
    assertThat(caller(subject)).hasValue(new Caller(tenant, name, role, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CN=ci",
        "O=build",
        "O=Build, CN=ci",
        "O=build, CN=ci, OU=engineering",
        "O=build, CN=ci, OU=OWNER",
        "O=build, CN=ci, OU=owner, OU=admin",
        "O=build, O=other, CN=ci",
        "O=build, CN=ci, CN=other",
        "O=build+CN=ci, OU=owner",
        "O=build, CN=ticket:ci, OU=owner",
      })
  void aSubjectThatIsNotQuiteRightNamesNobody(String subject) throws Exception {
    assertThat(caller(subject)).isEmpty();
  }

  @Test
  void aSpiffeIdNamesTheCallerAndNothingElseCounts() throws Exception {
    final String subject = "O=other, CN=other, OU=admin";
    assertThat(caller(subject, "spiffe://example.org/tenant/build/subject/ci/role/writer"))
        .hasValue(new Caller("build", "ci", Role.ROLE_WRITER, null));
    assertThat(caller(subject, "spiffe://example.org/tenant/build/subject/ci"))
        .hasValue(new Caller("build", "ci", Role.ROLE_VIEWER, null));
    assertThat(
            caller(subject, "https://example.org", "spiffe://example.org/tenant/build/subject/ci"))
        .isPresent();
    assertThat(caller(subject, "https://example.org"))
        .hasValue(new Caller("other", "other", Role.ROLE_ADMIN, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://example.org/ns/default/sa/ci",
        "spiffe://example.org/tenant/build",
        "spiffe://example.org/tenant/build/subject/ci/role/root",
        "spiffe://example.org/tenant/build/subject/ci/role/",
        "spiffe://example.org/tenant/build/subject/ci/role/admin/more",
        "spiffe://example.org/tenant/build/role/admin/subject/ci",
        "spiffe://example.org/tenant/Build/subject/ci",
        "spiffe://example.org/tenant/build/subject/c%69",
        "spiffe://user@example.org/tenant/build/subject/ci",
        "spiffe:///tenant/build/subject/ci",
        "SPIFFE://example.org/tenant/build/subject/ci",
        "spiffe:tenant/build/subject/ci",
      })
  void aSpiffeIdOfAnotherFormNamesNobodyWhateverTheSubjectSays(String id) throws Exception {
    assertThat(caller("O=build, CN=ci, OU=admin", id)).isEmpty();
  }

  @Test
  void twoSpiffeIdsNameNobody() throws Exception {
    final String id = "spiffe://example.org/tenant/build/subject/ci";
    assertThat(caller("O=build, CN=ci", id, id)).isEmpty();
  }

  @Test
  void withoutADefaultTheRoleMustBeThere() throws Exception {
    final CertificateNames strict = new CertificateNames(null);
    assertThat(strict.caller(authority.client("O=build, CN=ci").certificate())).isEmpty();
    assertThat(strict.caller(authority.client("O=build, CN=ci, OU=viewer").certificate()))
        .isPresent();
  }
}
