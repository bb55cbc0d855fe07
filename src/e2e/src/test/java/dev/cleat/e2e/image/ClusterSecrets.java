package dev.cleat.e2e.image;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.cleat.testing.Authority;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What the cluster's operator would have put into Secrets for the value sets of the chart, and the
 * credentials that go with it: all are of {@code ci} in {@code team-a}.
 *
 * @param all the Secrets by their names and keys
 * @param token a token of {@code cleat-tokens}
 * @param jwt a token signed with a key of {@code provider-keys}
 */
record ClusterSecrets(Map<String, Map<String, String>> all, String token, String jwt) {
  /** The id of the key that is to sign tickets. */
  static final String TICKET_KEY = "of-the-secret";

  private static final String TOKEN = "a-token-of-the-test-and-of-nobody-else";

  /**
   * New ones.
   *
   * @param folder for files on the way
   * @param name what the chart's service is called in the cluster
   */
  static ClusterSecrets make(Path folder, String name) throws Exception {
    Authority authority = Authority.create();
    Authority.Identity named = authority.server(name);
    Map<String, String> server =
        files(folder, authority, new Authority.Identity(List.of(named.certificate()), named.key()));
    Map<String, String> client =
        files(folder, authority, authority.client("O=team-a, CN=ci, OU=owner"));
    ECKey provider = new ECKeyGenerator(Curve.P_256).keyID("provider").generate();
    return new ClusterSecrets(
        Map.of(
            // As `kubectl create secret tls` makes it: without the authority.
            "cleat-web",
            Map.of("tls.crt", server.get("tls.crt"), "tls.key", server.get("tls.key")),
            "demo-cleat-tls",
            server,
            "clients-ca",
            Map.of("authority.pem", client.get("ca.crt")),
            "cleat-tokens",
            Map.of("tokens.yaml", tokens()),
            "provider-keys",
            Map.of("keys.json", new JWKSet(provider).toPublicJWKSet().toString()),
            "cleat-ticket-keys",
            Map.of("keys.yaml", ticketKeys()),
            "cleat-test",
            Map.of(
                "token",
                TOKEN,
                "tls.crt",
                client.get("tls.crt"),
                "tls.key",
                client.get("tls.key"))),
        TOKEN,
        jwt(provider));
  }

  private static Map<String, String> files(
      Path folder, Authority authority, Authority.Identity identity) throws Exception {
    Path ca = folder.resolve("ca.pem");
    Path certificate = folder.resolve("identity.pem");
    Path key = folder.resolve("identity.key");
    authority.write(ca);
    identity.write(certificate, key);
    return Map.of(
        "ca.crt",
        Files.readString(ca),
        "tls.crt",
        Files.readString(certificate),
        "tls.key",
        Files.readString(key));
  }

  private static String tokens() throws Exception {
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(TOKEN.getBytes(StandardCharsets.UTF_8));
    return "tokens: [{name: ci, tenant: team-a, role: owner, sha256: %s}]"
        .formatted(HexFormat.of().formatHex(hash));
  }

  private static String ticketKeys() {
    String secret =
        Base64.getEncoder().encodeToString("a".repeat(32).getBytes(StandardCharsets.UTF_8));
    return "keys: [{id: %s, secret: \"%s\"}]".formatted(TICKET_KEY, secret);
  }

  private static String jwt(ECKey provider) throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(JOSEObjectType.JWT)
                .keyID(provider.getKeyID())
                .build(),
            new JWTClaimsSet.Builder()
                .issuer("https://login.example.org/")
                .audience("cleat")
                .subject("ci")
                .claim("tenant", "team-a")
                .claim("role", "owner")
                .expirationTime(Date.from(Instant.now().plus(Duration.ofHours(1))))
                .build());
    jwt.sign(new ECDSASigner(provider));
    return jwt.serialize();
  }
}
