package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where a server listens and whom it knows: what is dangerous or does not fit together is refused.
 */
class ConfigAccessTest {
  @TempDir Path folder;
  private ConfigSources sources;

  @BeforeEach
  void nothingIsConfigured() {
    sources = new ConfigSources(folder);
  }

  @Test
  void listeningWhereOthersReachItIsRefusedUnlessSaidInAsManyWords() {
    sources.flags().put(ConfigKeys.LISTEN, "0.0.0.0:7070");
    assertThat(sources.problems())
        .containsExactly(
            "flag --listen: other machines reach 0.0.0.0:7070, and without TLS and authentication"
                + " whoever reaches it can run programs here; listen on 127.0.0.1, or say"
                + " --allow-insecure-listen if that is what you want");

    sources.flags().put(ConfigKeys.ALLOW_INSECURE_LISTEN, "true");
    assertThat(sources.load().config().listen()).isEqualTo(new ListenAddress("0.0.0.0", 7070));
    assertThat(sources.load().config().channelz()).isFalse();

    sources.flags().put(ConfigKeys.LISTEN, "[::]:0");
    sources.flags().put(ConfigKeys.ALLOW_INSECURE_LISTEN, "false");
    assertThat(sources.problems())
        .singleElement()
        .asString()
        .contains("other machines reach [::]:0");
  }

  @Test
  void othersMayReachItWithTlsAndASourceOfIdentityAndNotWithOnlyOneOfThem() {
    sources.flags().put(ConfigKeys.LISTEN, "0.0.0.0:7070");
    sources.flags().put(ConfigKeys.AUTH_TOKENS, "/tokens.yaml");
    assertThat(sources.problems())
        .containsExactly(
            "flag --listen: other machines reach 0.0.0.0:7070, and without TLS whoever reads along"
                + " has the credentials; give tls.cert and tls.key; listen on 127.0.0.1, or say"
                + " --allow-insecure-listen if that is what you want");

    sources.flags().put(ConfigKeys.TLS_CERT, "/cert.pem");
    sources.flags().put(ConfigKeys.TLS_KEY, "/key.pem");
    assertThat(sources.load().config().listen()).isEqualTo(new ListenAddress("0.0.0.0", 7070));
    assertThat(sources.load().config().auth().anonymous()).isFalse();
    assertThat(sources.load().config().open()).isEqualTo(new Config.Open(true, false));
    assertThat(sources.load().config().channelz()).isFalse();

    sources.flags().put(ConfigKeys.AUTH_ANONYMOUS, "true");
    assertThat(sources.problems())
        .singleElement()
        .asString()
        .contains("with auth.anonymous whoever reaches it can run programs here");

    sources.flags().keySet().removeAll(List.of(ConfigKeys.AUTH_ANONYMOUS, ConfigKeys.AUTH_TOKENS));
    assertThat(sources.problems())
        .singleElement()
        .asString()
        .contains(
            "without authentication whoever reaches it can run programs here; give auth.tokens,"
                + " auth.jwt_keys or tls.client_ca");

    sources.flags().put(ConfigKeys.TLS_CLIENT_CA, "/ca.pem");
    assertThat(sources.load().config().auth().anonymous()).isFalse();
    sources.flags().put(ConfigKeys.TLS_CLIENT_AUTH, "none");
    assertThat(sources.problems()).singleElement().asString().contains("without authentication");
  }

  @Test
  void onLoopbackACallerMayBeAnonymousBesideOthers() {
    sources.flags().put(ConfigKeys.AUTH_TOKENS, "/tokens.yaml");
    assertThat(sources.load().config().auth().anonymous()).isFalse();
    assertThat(sources.load().config().open().reflection()).isFalse();
    sources.flags().put(ConfigKeys.AUTH_ANONYMOUS, "true");
    assertThat(sources.load().config().auth().anonymous()).isTrue();
    assertThat(sources.load().config().open().reflection()).isTrue();
    sources.flags().put(ConfigKeys.AUTH_OPEN_REFLECTION, "false");
    assertThat(sources.load().config().open().reflection()).isFalse();

    sources.flags().clear();
    sources.flags().put(ConfigKeys.AUTH_ANONYMOUS, "false");
    assertThat(sources.load().config().auth().anonymous())
        .as("nobody but who has a ticket")
        .isFalse();
  }

  @Test
  void whatOnlyWorksTogetherIsSaid() {
    sources.flags().put(ConfigKeys.TLS_KEY, "/key.pem");
    sources.flags().put(ConfigKeys.TLS_CLIENT_CA, "/ca.pem");
    sources.flags().put(ConfigKeys.AUTH_JWT_KEYS, "https://issuer.example/keys");
    assertThat(sources.problems())
        .containsExactly(
            "flag --tls-key: needs tls.cert",
            "flag --tls-client-ca: needs tls.cert",
            "flag --auth-jwt-keys: needs auth.jwt_issuer",
            "flag --auth-jwt-keys: needs auth.jwt_audience");

    sources.flags().clear();
    sources.flags().put(ConfigKeys.TLS_CERT, "/cert.pem");
    sources.flags().put(ConfigKeys.TLS_CLIENT_AUTH, "required");
    assertThat(sources.problems())
        .containsExactly(
            "flag --tls-cert: needs tls.key",
            "flag --tls-client-auth: required needs tls.client_ca");
  }

  @Test
  void aFileOfKeysIsRelativeToTheFileThatNamesItAndAUrlIsNot() {
    final String jwt = "  jwt_issuer: i\n  jwt_audience: a\n";
    sources.write("auth:\n  jwt_keys: keys.json\n" + jwt);
    assertThat(sources.load().config().auth().jwtKeys())
        .isEqualTo(folder.resolve("keys.json").toString());
    sources.write("auth:\n  jwt_keys: https://issuer.example/keys\n" + jwt);
    assertThat(sources.load().config().auth().jwtKeys()).isEqualTo("https://issuer.example/keys");
  }

  @Test
  void theRefusalNamesTheLineOfTheFile() {
    sources.write("turns:\n  keep: 5\nlisten: 192.0.2.1:7070\n");
    assertThat(sources.problems())
        .singleElement()
        .asString()
        .startsWith("cleat.yaml:3:9: listen: other machines reach 192.0.2.1:7070");
  }

  @Test
  void loopbackAddressesNeedNoPermission() {
    for (String address : List.of("127.0.0.1:0", "127.8.8.8:1", "[::1]:65535", "localhost:7070")) {
      sources.flags().put(ConfigKeys.LISTEN, address);
      assertThat(sources.load().config().listen()).hasToString(address);
    }
  }

  @Test
  void aHostThatIsNotThereIsAMistake() {
    sources.flags().put(ConfigKeys.LISTEN, "no-such-host.invalid:7070");
    assertThat(sources.problems())
        .containsExactly("flag --listen: there is no host 'no-such-host.invalid'");
  }
}
