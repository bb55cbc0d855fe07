package dev.cleat.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.v1.Role;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TokenFileTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  static String sha256(String token) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
  }

  private static List<String> problems(String yaml) {
    final WrongFileException e =
        catchThrowableOfType(WrongFileException.class, () -> TokenFile.read("tokens.yaml", yaml));
    assertThat(e).isNotNull();
    return e.problems().stream().map(Problem::toString).toList();
  }

  @Test
  void aTokenIsFoundByItsHashAndNothingElseIs() throws Exception {
    final TokenTable table =
        TokenFile.read(
            "tokens.yaml",
            """
            tokens:
              - name: ci
                tenant: build
                role: owner
                sha256: %s
              - {name: "Ann Other", tenant: a-1, role: viewer, sha256: "%s", expires: 2026-11-25T13:00:00+01:00}
              - {name: later, tenant: a-1, role: admin, sha256: "%s", expires: 2026-11-25T12:00:01Z}
            """
                .formatted(sha256("one").toUpperCase(Locale.ROOT), sha256("two"), sha256("three")));

    assertThat(table.find("one", NOW))
        .hasValue(new Credential(new Caller("build", "ci", Role.ROLE_OWNER, null), null));
    assertThat(table.find("two", NOW)).as("it expires now").isEmpty();
    assertThat(table.find("two", NOW.minusSeconds(1)))
        .hasValue(new Credential(new Caller("a-1", "Ann Other", Role.ROLE_VIEWER, null), NOW));
    assertThat(table.find("three", NOW)).isPresent();
    for (String wrong : List.of("", "One", "one ", "on", "four", sha256("one"))) {
      assertThat(table.find(wrong, NOW)).as(wrong).isEmpty();
    }
  }

  /** How long a comparison takes cannot be tested; which one it is can. */
  @Test
  void hashesAreComparedInConstantTime() {
    final List<String> calls =
        new ClassFileImporter()
            .importClass(TokenTable.class).getMethodCallsFromSelf().stream()
                .map(call -> call.getTarget().getFullName())
                .toList();
    assertThat(calls)
        .contains("java.security.MessageDigest.isEqual([B, [B)")
        .noneMatch(
            call -> call.matches(".*\\.(\\w*[eE]quals\\w*|compare\\w*|mismatch|indexOf)\\(.*"));
  }

  @Test
  void noTokenAtAllIsAWishLikeAnyOther() throws Exception {
    assertThat(TokenFile.read("tokens.yaml", "tokens: []").find("one", NOW)).isEmpty();
  }

  @Test
  void aFileThatWasCutOffIsAMistake() {
    assertThat(problems("")).containsExactly("tokens.yaml: tokens: is missing");
    assertThat(problems("# nothing\n")).containsExactly("tokens.yaml: tokens: is missing");
    assertThat(problems("tokens:\n"))
        .singleElement()
        .asString()
        .startsWith("tokens.yaml:1: tokens:");
    assertThat(problems("tokens: {a: b}")).containsExactly("tokens.yaml:1: tokens: must be a list");
    assertThat(problems("tokens: [")).singleElement().asString().contains("not YAML");
  }

  @Test
  void everyMistakeIsNamedWithItsLineAndField() throws Exception {
    final String hash = sha256("one");
    assertThat(
            problems(
                """
                tokens:
                  - {name: ci, tenant: build, role: owner, sha256: %s}
                  - {name: "", tenant: Build, role: root, sha256: secret, expires: tomorrow}
                  - {name: "ticket:x", tenant: -a, role: viewer, sha256: %s}
                  - name: x
                    tenant: %s
                    rolle: viewer
                  - just a word
                """
                    .formatted(hash, hash, "a".repeat(64))))
        .containsExactlyInAnyOrder(
            "tokens.yaml:3: tokens[1].name: must be 1 to 190 characters, none a control character,"
                + " and not begin with 'ticket:'",
            "tokens.yaml:3: tokens[1].tenant: must be 1 to 63 characters of a-z, 0-9 and '-',"
                + " beginning with a letter or digit",
            "tokens.yaml:3: tokens[1].role: 'root' is not one of viewer, writer, approver, owner,"
                + " admin",
            "tokens.yaml:3: tokens[1].sha256: must be 64 hexadecimal digits: the SHA-256 of the"
                + " token, and never the token itself",
            "tokens.yaml:3: tokens[1].expires: must be a time with its offset, such as"
                + " 2027-01-31T00:00:00Z",
            "tokens.yaml:4: tokens[2].name: must be 1 to 190 characters, none a control character,"
                + " and not begin with 'ticket:'",
            "tokens.yaml:4: tokens[2].tenant: must be 1 to 63 characters of a-z, 0-9 and '-',"
                + " beginning with a letter or digit",
            "tokens.yaml:4: tokens[2].sha256: is that of tokens[0], too",
            "tokens.yaml:5: tokens[3].role: is missing",
            "tokens.yaml:5: tokens[3].sha256: is missing",
            "tokens.yaml:6: tokens[3].tenant: must be 1 to 63 characters of a-z, 0-9 and '-',"
                + " beginning with a letter or digit",
            "tokens.yaml:7: tokens[3].rolle: unknown key; did you mean role?",
            "tokens.yaml:8: tokens[4]: must be a mapping of keys to values");
  }

  @Test
  void whatIsInThePlaceOfAHashIsNotRepeated() {
    assertThat(problems("tokens: [{name: a, tenant: a, role: viewer, sha256: cleat_secret}]"))
        .singleElement()
        .asString()
        .doesNotContain("cleat_secret");
  }
}
