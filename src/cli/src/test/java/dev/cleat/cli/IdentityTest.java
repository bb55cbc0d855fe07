package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.testing.Authority;
import dev.cleat.v1.Quota;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** The command against a server that wants to know who calls, by TLS. */
@TestInstance(Lifecycle.PER_CLASS)
final class IdentityTest {
  private Path folder;
  private TestServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    this.folder = folder;
    Authority authority = Authority.create();
    authority.server().write(folder.resolve("server.pem"), folder.resolve("server.key"));
    authority.write(folder.resolve("ca.pem"));
    authority
        .client("O=build, CN=cert, OU=viewer")
        .write(folder.resolve("client.pem"), folder.resolve("client.key"));
    StringBuilder entries = new StringBuilder("tokens:\n");
    for (String role : List.of("admin", "viewer")) {
      Ran made =
          Ran.alone("token", "new", "--tenant", "default", "--role", role, "--name", role + "s");
      Files.writeString(folder.resolve(role + ".token"), made.ok().out());
      entries.append(made.err());
    }
    Path tokens = Files.writeString(folder.resolve("tokens.yaml"), entries);
    server =
        TestServer.start(
            folder.resolve("data"),
            0,
            Map.of(
                "tls.cert", folder.resolve("server.pem").toString(),
                "tls.key", folder.resolve("server.key").toString(),
                "tls.client_ca", folder.resolve("ca.pem").toString(),
                "auth.tokens", tokens.toString()));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private Ran run(String... command) {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of("--ca", path("ca.pem")));
    return server.run(all.toArray(String[]::new));
  }

  @Test
  void aFileHasTheToken() {
    Ran ran = run("whoami", "--token-file", path("admin.token"));

    assertThat(ran.ok().lines())
        .containsExactly("tenant   default", "subject  admins", "role     admin");
  }

  @Test
  void theTenantsQuotasAreListed() throws Exception {
    assertThat(run("quotas", "--token-file", path("admin.token")).ok().lines())
        .first()
        .asString()
        .matches("QUOTA +USED +LIMIT");
    assertThat(run("quotas", "--token-file", path("admin.token")).ok().lines())
        .anyMatch(line -> line.matches("clients +0 +-"))
        .anyMatch(line -> line.matches("message_bytes +- +-"));
    List<String> names = new ArrayList<>();
    for (String line :
        run("quotas", "-o", "json", "--token-file", path("admin.token")).ok().lines()) {
      names.add(Printed.parse(line, Quota.newBuilder()).getName());
    }
    assertThat(names).startsWith("sessions_alive", "sessions_kept").endsWith("message_bytes");
  }

  @Test
  void aCertificateSaysWhoCalls() {
    Ran ran = run("whoami", "--cert", path("client.pem"), "--key", path("client.key"));

    assertThat(ran.ok().lines())
        .startsWith("tenant   build", "subject  cert", "role     viewer")
        .last()
        .asString()
        .startsWith("expires");
  }

  @Test
  void theEnvironmentHasTheTokenOrNamesItsFile() throws Exception {
    String token = Files.readString(folder.resolve("admin.token")).strip();
    assertThat(whoAmI(Map.of("CLEAT_TOKEN", token))).contains("subject  admins");
    assertThat(whoAmI(Map.of("CLEAT_TOKEN_FILE", path("viewer.token"))))
        .contains("subject  viewers");
    assertThat(whoAmI(Map.of("CLEAT_TOKEN", token), "--token-file", path("viewer.token")))
        .contains("subject  viewers");
  }

  private String whoAmI(Map<String, String> environment, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            AsProcess.command("whoami", "--server", server.target(), "--ca", path("ca.pem")));
    command.addAll(List.of(more));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return out;
  }

  @Test
  void whoIsNotKnownIsToldWhatToDoInOneLine() throws Exception {
    Path wrong = Files.writeString(folder.resolve("wrong.token"), "cleat_made-up\n");
    for (Ran ran : List.of(run("ls"), run("ls", "--token-file", wrong.toString()))) {
      assertThat(ran.code()).isEqualTo(1);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err())
          .contains("--token-file", "CLEAT_TOKEN", "--cert")
          .doesNotContain("made-up")
          .hasLineCount(1);
    }
  }

  @Test
  void aFileThatIsNoTokenOrNoCertificateIsOneLine() throws Exception {
    Path empty = Files.createFile(folder.resolve("empty"));
    for (Ran ran :
        List.of(
            run("ls", "--token-file", empty.toString()),
            run("ls", "--token-file", path("no such file")),
            run("ls", "--cert", path("no such file"), "--key", path("client.key")),
            run("ls", "--cert", empty.toString(), "--key", empty.toString()))) {
      assertThat(ran.code()).isEqualTo(1);
      assertThat(ran.err()).startsWith("cleat: ").hasLineCount(1);
    }
  }

  @Test
  void aTicketIsForOneSession() throws Exception {
    String id =
        run("new", "sh", "--name", "shown", "--token-file", path("admin.token")).ok().line();

    Ran made =
        run(
            "ticket",
            "shown",
            "--role",
            "viewer",
            "--ttl",
            "1h",
            "--token-file",
            path("admin.token"));
    Path ticket = Files.writeString(folder.resolve("ticket"), made.ok().out());

    assertThat(made.err()).startsWith("valid until 2");
    assertThat(run("whoami", "--token-file", ticket.toString()).ok().lines())
        .contains("subject  ticket:admins", "role     viewer", "session  " + id);
  }
}
