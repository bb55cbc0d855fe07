package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A server that runs as a user and not as root, as that of the image does, with two tenants: one
 * that attacks, and one that has something to steal. For one thread.
 */
final class UserServer implements AutoCloseable {
  static final int PROCESSES = 60;
  static final long JOURNAL_BYTES = 16 << 20;
  static final String ATTACKER = "attacker";
  static final String OTHER = "other";

  /** What no session may learn. In commands it is written so that it is not found in those. */
  static final String SECRET = "a-secret-of-others";

  private static final int USER = 10_001;
  private static final Path DIST = Path.of(System.getProperty("cleat.dist", ""));

  private final Path world;
  private final ServerProcess process;
  private final CleatClient attackers;
  private final CleatClient others;

  private UserServer(Path world, ServerProcess process) {
    this.world = world;
    this.process = process;
    this.attackers = client(ATTACKER);
    this.others = client(OTHER);
  }

  /** Starts one whose sessions may be isolated in all ways that it can. */
  static UserServer start(Servers servers, Path world) throws Exception {
    Files.writeString(world.resolve("policy.yaml"), policy(world));
    return new UserServer(world, servers.start(command(world)));
  }

  /** How one is started, with the policy that is there. */
  static ServerCommand command(Path world) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to be another user");
    open(world);
    for (String folder : List.of("data", "roots", "home", "tmp")) {
      give(Files.createDirectories(world.resolve(folder)), "rwx------");
    }
    give(
        Files.writeString(
            world.resolve("tokens.yaml"),
            "tokens: [%s, %s]".formatted(token(ATTACKER), token(OTHER))),
        "rw-------");
    List<String> asUser =
        List.of(
            "env",
            "HOME=" + world.resolve("home"),
            "SERVERS_KEY=" + SECRET,
            "setpriv",
            "--reuid=" + USER,
            "--regid=" + USER,
            "--clear-groups");
    assumeReaches(asUser, DIST.resolve("lib/cleat.jar"));
    return ServerCommand.on(world.resolve("data"))
        .within(asUser)
        .jvm(
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-XX:-UsePerfData",
            "-Djava.io.tmpdir=" + world.resolve("tmp"))
        .flag("--auth-tokens", world.resolve("tokens.yaml").toString())
        .flag("--policy", world.resolve("policy.yaml").toString())
        .flag("--isolation-allow-same-user", "true");
  }

  /** What its policy is at first. */
  static String policy(Path world) {
    return """
    tenants:
      %1$s: {workspaces: [same, box, bare], default_workspace: box, quotas: {journal_bytes: %3$d}}
      %2$s: {workspaces: [same, box], default_workspace: box}
    workspaces:
      same:
        limits: {file_size: 8MiB, processes: %4$d, open_files: 256}
        roots: ['%5$s/roots/{tenant}']
      box:
        isolation: sandbox
        limits: {file_size: 8MiB, processes: %4$d, open_files: 256}
        roots: ['%5$s/roots/{tenant}']
      bare: {isolation: sandbox}
    """
        .formatted(ATTACKER, OTHER, JOURNAL_BYTES, PROCESSES, world);
  }

  private static String token(String tenant) {
    byte[] hash = Transcript.sha256().digest(tenant.getBytes(StandardCharsets.UTF_8));
    return "{name: ci, tenant: %s, role: owner, sha256: %s}"
        .formatted(tenant, HexFormat.of().formatHex(hash));
  }

  private static void open(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }

  private static Path give(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    Files.setAttribute(path, "unix:gid", USER);
    Files.setAttribute(path, "unix:uid", USER);
    return path;
  }

  private static void assumeReaches(List<String> asUser, Path file) throws Exception {
    List<String> command = new ArrayList<>(asUser);
    command.addAll(List.of("test", "-r", file.toString()));
    assumeTrue(
        new ProcessBuilder(command).start().waitFor() == 0,
        () -> "another user cannot read " + file);
  }

  private CleatClient client(String tenant) {
    return CleatClient.builder()
        .target(process.target())
        .token(tenant)
        .deadline(Await.PATIENCE)
        .build();
  }

  ServerProcess process() {
    return process;
  }

  CleatClient attackers() {
    return attackers;
  }

  Path world() {
    return world;
  }

  Path data() {
    return world.resolve("data");
  }

  /** A shell of the tenant that attacks. */
  Session shell(String workspace) {
    return attackers.create(bash(workspace));
  }

  /** A shell of the other tenant, which knows its secret. */
  Session victim(String workspace) {
    Session victim = others.create(bash(workspace).env("OTHERS_KEY", SECRET));
    assertThat(works(victim, "echo $OTHERS_KEY | tee secret")).isTrue();
    return victim;
  }

  /** No start-up file of the machine has a say. */
  static NewSession bash(String workspace) {
    return NewSession.of("bash").env("HOME", "/nowhere").workspace(workspace);
  }

  private static boolean works(Session session, String command) {
    return session.prompt(command).exitCode().orElseThrow() == 0;
  }

  static void attempt(Session session, String command, boolean works) {
    assertThat(works(session, command)).as(command).isEqualTo(works);
  }

  /** Whoever else there is can work. */
  void assertServes() {
    assertThat(others.create(bash("box")).prompt("echo serves").output()).contains("serves");
    assertThat(process.isAlive()).isTrue();
  }

  /** Deletes the sessions of both tenants. */
  void deleteAll() {
    for (CleatClient client : List.of(attackers, others)) {
      client.list().forEach(session -> client.session(session.id()).delete(true));
    }
  }

  /** Runs the command line as the attackers' colleague; returns all that it printed. */
  String cli(String... words) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseCompactObjectHeaders",
                "-Xlog:disable",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:AOTCache=" + DIST.resolve("client.aot"),
                "-jar",
                DIST.resolve("lib/cleat.jar").toString()));
    command.addAll(List.of(words));
    Path token = Files.writeString(world.resolve("token"), ATTACKER);
    command.addAll(List.of("--server", process.target(), "--token-file", token.toString()));
    try (ForeignProcess cleat = ForeignProcess.start(command.toArray(String[]::new))) {
      String printed = cleat.rest() + cleat.errors();
      assertThat(cleat.awaitEnd()).as(printed).isZero();
      return printed;
    }
  }

  /** Stops it: it has borne all of it. */
  @Override
  public void close() {
    attackers.close();
    others.close();
    try {
      assertThat(process.stop()).isZero();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
