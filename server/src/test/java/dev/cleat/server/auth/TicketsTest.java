package dev.cleat.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.v1.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TicketsTest {
  private static final Caller ISSUER = new Caller("build", "ann", Role.ROLE_OWNER, null);

  @TempDir Path folder;
  private final FakeTime time = new FakeTime();
  private final Set<String> runs = new HashSet<>(Set.of("build s 1"));
  private Path file;
  private Tickets tickets;

  @BeforeEach
  void open() throws Exception {
    file = folder.resolve("keys.yaml");
    write("a");
    tickets =
        Tickets.open(
            file,
            (tenant, session, run) -> runs.contains(tenant + " " + session + " " + run),
            time,
            time::nanoTime);
  }

  private static String secret(String id) {
    return Base64.getEncoder().encodeToString(id.repeat(32).getBytes(UTF_8));
  }

  private void write(String... ids) throws Exception {
    final StringBuilder yaml = new StringBuilder("keys:\n");
    for (String id : ids) {
      yaml.append("  - {id: %s, secret: \"%s\"}\n".formatted(id, secret(id)));
    }
    Files.writeString(file, yaml);
  }

  private Ticket issue() {
    return tickets.issue(ISSUER, "s", 1, Role.ROLE_WRITER, Duration.ofMinutes(15));
  }

  private Optional<Credential> verify(String text) throws Exception {
    final SignedJWT jwt = SignedJWT.parse(text);
    assertThat(Tickets.isOne(jwt)).isTrue();
    return tickets.verify(jwt);
  }

  @Test
  void aTicketSaysForWhichSessionAndWhoGaveItOut() throws Exception {
    final Ticket ticket = issue();

    assertThat(ticket.expires()).isEqualTo(time.instant().plus(Duration.ofMinutes(15)));
    assertThat(verify(ticket.text()))
        .hasValue(
            new Credential(
                new Caller("build", "ticket:ann", Role.ROLE_WRITER, "s"), ticket.expires()));
    assertThat(ticket.toString()).doesNotContain(ticket.text());
  }

  @Test
  void itEndsWithItsTime() throws Exception {
    final Ticket ticket = issue();

    time.pass(Duration.ofMinutes(15).minusMillis(1));
    assertThat(verify(ticket.text())).isPresent();
    time.pass(Duration.ofMillis(1));
    assertThat(verify(ticket.text())).isEmpty();
  }

  @Test
  void itEndsWithTheRunOfItsSession() throws Exception {
    final Ticket ticket = issue();

    runs.clear();
    assertThat(verify(ticket.text())).isEmpty();
    runs.add("build s 2");
    assertThat(verify(ticket.text())).isEmpty();
    runs.add("other s 1");
    assertThat(verify(ticket.text())).isEmpty();
    runs.add("build s 1");
    assertThat(verify(ticket.text())).isPresent();
  }

  @Test
  void itEndsWithItsKey() throws Exception {
    final Ticket old = issue();

    write("b", "a");
    time.pass(Duration.ofSeconds(2));
    final Ticket young = issue();
    assertThat(verify(old.text())).isPresent();
    assertThat(SignedJWT.parse(young.text()).getHeader().getKeyID()).isEqualTo("b");

    write("b");
    time.pass(Duration.ofSeconds(2));
    assertThat(verify(old.text())).isEmpty();
    assertThat(verify(young.text())).isPresent();

    Files.writeString(file, "keys: [{id: c, secret: short}]");
    time.pass(Duration.ofSeconds(2));
    assertThat(verify(young.text())).as("a mistake keeps what was good").isPresent();
  }

  @Test
  void whatIsSignedOtherwiseIsNoTicket() throws Exception {
    final JWTClaimsSet claims = SignedJWT.parse(issue().text()).getJWTClaimsSet();
    final JOSEObjectType type = new JOSEObjectType("cleat-ticket+jwt");

    assertThat(verify(signed(type, JWSAlgorithm.HS256, "a", "a", claims))).isPresent();
    assertThat(verify(signed(type, JWSAlgorithm.HS256, "a", "b", claims)))
        .as("another's secret")
        .isEmpty();
    assertThat(verify(signed(type, JWSAlgorithm.HS384, "a", "a", claims)))
        .as("another algorithm")
        .isEmpty();
    assertThat(verify(signed(type, JWSAlgorithm.HS256, "z", "a", claims)))
        .as("another key id")
        .isEmpty();
    final SignedJWT plain =
        SignedJWT.parse(signed(JOSEObjectType.JWT, JWSAlgorithm.HS256, "a", "a", claims));
    assertThat(Tickets.isOne(plain)).isFalse();

    final String text = issue().text();
    final int payload = text.indexOf('.') + 1;
    for (int at = payload; at < text.length(); at += 7) {
      final char other = text.charAt(at) == 'A' ? 'B' : 'A';
      final String changed = text.substring(0, at) + other + text.substring(at + 1);
      if (text.charAt(at) != '.' && at < text.length() - 1) {
        assertThat(verify(changed)).as("changed at %d", at).isEmpty();
      }
    }
  }

  private static String signed(
      JOSEObjectType type, JWSAlgorithm algorithm, String id, String secret, JWTClaimsSet claims)
      throws Exception {
    final SignedJWT jwt =
        new SignedJWT(new JWSHeader.Builder(algorithm).type(type).keyID(id).build(), claims);
    final byte[] key =
        secret.repeat(algorithm.equals(JWSAlgorithm.HS256) ? 32 : 48).getBytes(UTF_8);
    jwt.sign(new MACSigner(key));
    return jwt.serialize();
  }

  @Test
  void theServersOwnKeyIsMadeOnceForItsUserOnly() throws Exception {
    final Path own = folder.resolve("own.yaml");
    final Tickets first = Tickets.create(own, (_, _, _) -> true, time);
    final Ticket ticket = first.issue(ISSUER, "s", 1, Role.ROLE_VIEWER, Duration.ofHours(1));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rw-------");
    final Tickets again = Tickets.create(own, (_, _, _) -> true, time);
    assertThat(again.verify(SignedJWT.parse(ticket.text()))).isPresent();
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(file, own);
    }
  }

  @Test
  void mistakesInAFileOfKeysAreNamedAndNoSecretIsRepeated() {
    final String yaml =
        """
        keys:
          - {id: a, secret: "c2hvcnQ="}
          - {id: a, secret: "%s"}
          - {id: a, secret: "%s"}
          - {id: b}
          - {secret: "!!!"}
        """
            .formatted(secret("x"), secret("y"));
    assertThatThrownBy(() -> TicketKeys.read("keys.yaml", yaml))
        .isInstanceOf(WrongFileException.class)
        .hasMessageContainingAll(
            "keys.yaml:2: keys[0].secret: must be at least 32 random bytes in base 64",
            "keys.yaml:4: keys[2].id: is there twice",
            "keys.yaml:5: keys[3]: secret is missing",
            "keys.yaml:6: keys[4]: id is missing")
        .hasMessageNotContainingAny("c2hvcnQ", secret("x"));
    assertThatThrownBy(() -> TicketKeys.read("keys.yaml", "keys: []"))
        .hasMessage("keys.yaml:1: keys: must not be empty");
  }
}
