package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.cleat.server.auth.Caller;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetQuotasRequest;
import dev.cleat.v1.Quota;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Collectors;

/** What tests of the policy do with sessions and files. */
record PolicySessions(TestServer server, Caller caller) {

  /** Of callers who say nothing of who they are. */
  PolicySessions(TestServer server) {
    this(server, Caller.ANONYMOUS);
  }

  private SessionServiceBlockingStub sessions() {
    return server.sessions(caller);
  }

  Session create(CreateRequest.Builder request) {
    return sessions().create(request.build()).getSession();
  }

  Session bash(String workspace) {
    return create(bash().setWorkspace(workspace));
  }

  /** No start-up file of the machine's user has a say. */
  static CreateRequest.Builder bash() {
    return CreateRequest.newBuilder().setTool("bash").putEnv("HOME", "/nowhere");
  }

  /** Ends all sessions. */
  void stopAll() {
    final var _ =
        sessions()
            .stop(StopRequest.newBuilder().setFilter(SessionFilter.getDefaultInstance()).build());
  }

  /** Runs a command to its end. */
  Turn run(Session session, String command) {
    final Turn turn =
        sessions()
            .sendPrompt(
                SendPromptRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setPrompt(command)
                    .build())
            .getTurn();
    final Turn ended =
        sessions()
            .waitTurn(
                WaitTurnRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setTurnId(turn.getId())
                    .setTimeout(Duration.newBuilder().setSeconds(60))
                    .build())
            .getTurn();
    assertThat(ended.hasEndTime()).as("%s has ended: %s", command, ended).isTrue();
    return ended;
  }

  /** Whether a command ended with 0. */
  boolean works(Session session, String command) {
    final Turn turn = run(session, command);
    assertThat(turn.getExit().hasCode()).as("%s: %s%s", command, turn, printed(session)).isTrue();
    return turn.getExit().getCode() == 0;
  }

  /** The first 200 characters of what a command printed, without the spaces around it. */
  String output(Session session, String command) {
    return run(session, command).getOutputPreview().strip();
  }

  /** Everything that a session printed, as it came. */
  String printed(Session session) {
    return sessions()
        .readEvents(
            ReadEventsRequest.newBuilder().setSessionId(session.getId()).setPageSize(1000).build())
        .getEventsList()
        .stream()
        .filter(Event::hasOutput)
        .map(event -> event.getOutput().getData().toStringUtf8())
        .collect(Collectors.joining());
  }

  /** What the caller's tenant has of something, and may have. */
  Quota quota(String name) {
    return AccessServiceGrpc.newBlockingStub(server.channel())
        .withInterceptors(HeaderCallers.as(caller))
        .getQuotas(GetQuotasRequest.getDefaultInstance())
        .getQuotasList()
        .stream()
        .filter(quota -> quota.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** A folder that every user may pass through. */
  static Path open(Path folder) throws IOException {
    Files.createDirectories(folder);
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }

  /** A folder, or file, of one user alone. */
  static Path give(Path path, int user) throws IOException {
    Files.setPosixFilePermissions(
        path, PosixFilePermissions.fromString(Files.isDirectory(path) ? "rwx------" : "rw-------"));
    Files.setAttribute(path, "unix:gid", user);
    Files.setAttribute(path, "unix:uid", user);
    return path;
  }

  static Path script(Path path, String text) throws IOException {
    Files.writeString(path, text);
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Whether a program is on this machine. */
  static boolean has(String program) {
    return Files.isExecutable(Path.of("/usr/bin", program));
  }
}
