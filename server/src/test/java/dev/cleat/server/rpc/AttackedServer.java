package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cleat.server.auth.Caller;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.Session;
import dev.cleat.v1.StopRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A server that runs as root, with something to steal and somebody to hurt. */
final class AttackedServer implements AutoCloseable {
  static final int OWN = 20_001;
  static final int PROCESSES = 60;
  static final long SERVER = ProcessHandle.current().pid();

  /** What another tenant's session has printed, as a pattern that is not found in itself. */
  static final String PRINTED = "printed-by-[o]thers";

  private static final int OTHER = 20_002;

  enum Mode {
    SAME_USER("same", 601_001),
    OWN_USER("own", 601_002),
    SANDBOX("box", 601_003);

    /** The workspace that has it. */
    final String workspace;

    /** A number of its own, for how long its programs sleep. */
    final int seconds;

    Mode(String workspace, int seconds) {
      this.workspace = workspace;
      this.seconds = seconds;
    }
  }

  private final Path world;
  private final Path data;
  private final Path key;
  private final Path others;
  private final Process victim;
  private final TestServer server;
  private final PolicySessions sessions;
  private final String printed;

  private AttackedServer(Path folder) throws Exception {
    world = PolicySessions.open(folder);
    data = world.resolve("data");
    key = PolicySessions.give(Files.writeString(world.resolve("server.key"), "a key"), 0);
    final Path roots = PolicySessions.open(world.resolve("roots"));
    others = PolicySessions.give(Files.createDirectory(roots.resolve("other")), OTHER);
    PolicySessions.give(Files.writeString(others.resolve("secret"), "a secret"), OTHER);
    victim = asOther("exec sleep 600");
    final Path policy =
        Files.writeString(
            world.resolve("policy.yaml"),
            """
            tenants:
              default: {user: %1$d, default_workspace: own, quotas: {journal_bytes: 16MiB}}
              other: {user: %2$d, default_workspace: own}
            workspaces:
              same:
                limits: {file_size: 8MiB, processes: %3$d, open_files: 256}
                roots: ['%4$s/roots/same-{tenant}']
              own:
                isolation: own-user
                limits: {file_size: 8MiB, processes: %3$d, open_files: 256}
                roots: ['%4$s/roots/{tenant}']
              box:
                isolation: sandbox
                limits: {file_size: 8MiB, processes: %3$d, open_files: 256}
                roots: ['%4$s/roots/{tenant}']
              same-little:
                limits: {memory: 128MiB, cpu_time: 1s}
                roots: ['%4$s/roots/same-{tenant}']
              own-little:
                isolation: own-user
                limits: {memory: 128MiB, cpu_time: 1s}
                roots: ['%4$s/roots/{tenant}']
              box-little:
                isolation: sandbox
                limits: {memory: 128MiB, cpu_time: 1s}
                roots: ['%4$s/roots/{tenant}']
              offline:
                isolation: sandbox
                network: false
                roots: ['%4$s/roots/{tenant}']
            """
                .formatted(OWN, OTHER, PROCESSES, world));
    try {
      server =
          TestServer.start(
              data, Map.of("policy", policy.toString(), "isolation.allow_same_user", "true"));
    } catch (Exception e) {
      victim.destroyForcibly();
      throw e;
    }
    sessions = new PolicySessions(server);
    final PolicySessions theirs =
        new PolicySessions(server, new Caller("other", "vic", Role.ROLE_OWNER, null));
    final Session session = theirs.bash("own");
    assertThat(theirs.output(session, "echo " + PRINTED.replaceAll("[\\[\\]]", "")))
        .isEqualTo("printed-by-others");
    printed = session.getId();
  }

  /** Starts it, where the machine can be more than one user. */
  static AttackedServer start(Path folder) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root, to be other users");
    assumeTrue(PolicySessions.has("setpriv"), "needs setpriv");
    assumeTrue(PolicySessions.has("bwrap"), "needs bwrap");
    return new AttackedServer(folder);
  }

  private static Process asOther(String script) throws IOException {
    return new ProcessBuilder(
            "setpriv", "--reuid=" + OTHER, "--regid=" + OTHER, "--clear-groups", "sh", "-c", script)
        .start();
  }

  TestServer server() {
    return server;
  }

  /** Sessions of the tenant that attacks. */
  PolicySessions sessions() {
    return sessions;
  }

  /** A folder that all can read. */
  Path world() {
    return world;
  }

  Path data() {
    return data;
  }

  /** A file that is for the server only. */
  Path key() {
    return key;
  }

  /** A folder of another tenant. */
  Path others() {
    return others;
  }

  /** Where the journal of another tenant's session is, which has {@link #PRINTED} in it. */
  Path othersJournal() {
    return data.resolve("journals/journals").resolve("other_" + printed);
  }

  /** A process of another tenant. */
  Process victim() {
    return victim;
  }

  void attempt(Session session, String command, boolean works) {
    assertThat(sessions.works(session, command)).as(command).isEqualTo(works);
  }

  Path workdir(Session session) {
    return Path.of(
        server
            .sessions()
            .get(GetRequest.newBuilder().setSessionId(session.getId()).build())
            .getSession()
            .getWorkdir());
  }

  void stop(Session session) {
    final var _ =
        server.sessions().stop(StopRequest.newBuilder().setSessionId(session.getId()).build());
  }

  /** The processes with this in their command line. */
  static List<ProcessHandle> running(String word) throws IOException {
    final List<ProcessHandle> found = new ArrayList<>();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      try {
        if (Files.readString(Path.of("/proc", "" + process.pid(), "cmdline")).contains(word)) {
          found.add(process);
        }
      } catch (IOException e) {
        // Ended meanwhile.
      }
    }
    return found;
  }

  void assertServes() {
    assertThat(sessions.output(sessions.bash("own"), "echo serves")).contains("serves");
  }

  @Override
  public void close() {
    victim.destroyForcibly();
    server.close();
  }
}
