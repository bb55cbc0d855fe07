package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.CreateTicketResponse;
import dev.cleat.v1.DeleteArtifactRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetScreenRequest;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.ListArtifactsResponse;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ListTurnsResponse;
import dev.cleat.v1.PauseRequest;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.ResumeRequest;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A session on the server, held by its id. Calls wait for their answer and throw a {@link
 * CleatException} when they fail; those that can be repeated safely are, for a short while.
 *
 * <p>Safe for use by any thread.
 */
public final class Session {
  /** Between a polite and a forced end where the caller does not say. */
  static final Duration STOP_GRACE = Duration.ofSeconds(5);

  private static final Duration SCREEN_DEADLINE = Duration.ofMinutes(5);

  private final CleatClient client;
  private final Rpc rpc;
  private final String id;
  private volatile SessionInfo info;

  Session(CleatClient client, SessionInfo info) {
    this.client = client;
    this.rpc = client.rpc();
    this.id = info.id();
    this.info = info;
  }

  /** The identifier. */
  public String id() {
    return id;
  }

  /** The session as it was last seen by this object; {@link #refresh} asks. */
  public SessionInfo info() {
    return info;
  }

  /** The session as it is now. */
  public SessionInfo refresh() {
    GetRequest request = GetRequest.newBuilder().setSessionId(id).build();
    return seen(rpc.call(SessionServiceGrpc.getGetMethod(), request, Rpc.Repeat.SAFE).getSession());
  }

  /**
   * Hands a prompt to the tool, waits for the end of the turn and returns it with its output, and
   * with an agent's answer.
   */
  public Turn prompt(String text) {
    return prompt(Prompt.of(text));
  }

  /**
   * Hands a prompt to the tool, waits for the end of the turn and returns it with its output; see
   * {@link RunningTurn#await()}.
   */
  public Turn prompt(Prompt prompt) {
    return start(prompt).await();
  }

  /**
   * The same, and passes on what the turn prints while it prints it; see {@link
   * RunningTurn#await(Consumer)}.
   */
  public Turn prompt(Prompt prompt, Consumer<byte[]> output) {
    return start(prompt).await(output);
  }

  /**
   * {@link #prompt(Prompt)} on a thread of its own. Cancelling the future leaves the turn alone;
   * see {@link RunningTurn#cancel}.
   */
  public CompletableFuture<Turn> promptAsync(Prompt prompt) {
    return CompletableFuture.supplyAsync(
        () -> prompt(prompt), client.threads("cleat-prompt-" + id));
  }

  /** Hands a prompt to the tool and returns as soon as the turn is written down. */
  public RunningTurn start(Prompt prompt) {
    Position head = refresh().head(); // so that the turn's first event can be found
    return new RunningTurn(
        this,
        rpc,
        rpc.call(SessionServiceGrpc.getSendPromptMethod(), prompt.toRequest(id), Rpc.Repeat.SAFE)
            .getTurn(),
        prompt,
        head);
  }

  /** The last turns, newest first, at most so many (1 to 1,000); without their output. */
  public List<Turn> turns(int limit) {
    List<Turn> turns = new ArrayList<>();
    ListTurnsResponse page;
    String token = "";
    do { // A page of long prompts has fewer than were asked for.
      ListTurnsRequest request =
          ListTurnsRequest.newBuilder()
              .setSessionId(id)
              .setPageSize(limit - turns.size())
              .setPageToken(token)
              .build();
      page = rpc.call(SessionServiceGrpc.getListTurnsMethod(), request, Rpc.Repeat.SAFE);
      page.getTurnsList().stream().map(Turn::of).forEach(turns::add);
      token = page.getNextPageToken();
    } while (!token.isEmpty() && turns.size() < limit);
    return List.copyOf(turns);
  }

  /**
   * Adds to what a turn that has ended used of a model, for callers who know more than the tool
   * says.
   *
   * @param by what the caller calls itself, for the journal; up to 200 characters, may be empty
   * @return the turn, with what was added; without its output
   */
  public Turn addUsage(String turnId, Usage usage, String by) {
    AddUsageRequest request =
        AddUsageRequest.newBuilder()
            .setSessionId(id)
            .setTurnId(turnId)
            .setUsage(usage.raw())
            .setBy(by)
            .setRequestId(UUID.randomUUID().toString())
            .build();
    return Turn.of(
        rpc.call(SessionServiceGrpc.getAddUsageMethod(), request, Rpc.Repeat.SAFE).getTurn());
  }

  /** The questions of its agent that wait for an answer, oldest first. */
  public List<Approval> approvals() {
    ListApprovalsRequest request = ListApprovalsRequest.newBuilder().setSessionId(id).build();
    return rpc
        .call(SessionServiceGrpc.getListApprovalsMethod(), request, Rpc.Repeat.SAFE)
        .getApprovalsList()
        .stream()
        .map(Approval::new)
        .toList();
  }

  /**
   * Answers a question of its agent. The first answer counts: a second fails with reason {@code
   * APPROVAL_RESOLVED}, whose metadata says how it was decided. So this is not tried again by
   * itself where the connection broke during the call.
   *
   * @param reply such as {@link Approval#allow} gives
   * @return the question, with its answer
   */
  public Approval resolve(ApprovalReply reply) {
    return new Approval(
        rpc.call(
                SessionServiceGrpc.getResolveApprovalMethod(),
                reply.toRequest(id),
                Rpc.Repeat.ONLY_IF_REFUSED)
            .getApproval());
  }

  /**
   * The media files that its tool has named, newest first: pictures, sounds, films and PDF in its
   * working directory. What was printed before the call has been looked at.
   */
  public List<Artifact> artifacts() {
    List<Artifact> artifacts = new ArrayList<>();
    String token = "";
    do {
      ListArtifactsRequest request =
          ListArtifactsRequest.newBuilder().setSessionId(id).setPageToken(token).build();
      ListArtifactsResponse page =
          rpc.call(SessionServiceGrpc.getListArtifactsMethod(), request, Rpc.Repeat.SAFE);
      page.getArtifactsList().forEach(artifact -> artifacts.add(new Artifact(artifact)));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return artifacts;
  }

  /**
   * A media file to be read; to be closed. Not tried again where the connection breaks.
   *
   * @throws CleatException with reason {@code ARTIFACT_NOT_FOUND} if it is gone
   */
  public ArtifactStream artifact(String artifactId) {
    return ArtifactStream.open(
        rpc, GetArtifactRequest.newBuilder().setSessionId(id).setArtifactId(artifactId).build());
  }

  /**
   * Copies a media file to a path, over what is there: where that is a link, over what it leads to.
   * The file at the path is whole, or untouched if this fails; a pipe or a device is written to,
   * and stays one.
   *
   * @return what the file is
   */
  public Artifact artifact(String artifactId, Path target) throws IOException {
    try (ArtifactStream stream = artifact(artifactId)) {
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        try (OutputStream out = Files.newOutputStream(target)) {
          stream.transferTo(out);
        }
      } else {
        replace(Files.exists(target) ? target.toRealPath() : target.toAbsolutePath(), stream);
      }
      return stream.artifact();
    }
  }

  private static void replace(Path target, ArtifactStream content) throws IOException {
    Path part = Files.createTempFile(target.getParent(), ".cleat-", ".part");
    try {
      Files.copy(content, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Forgets a media file; the file itself stays. */
  public void forgetArtifact(String artifactId) {
    DeleteArtifactRequest request =
        DeleteArtifactRequest.newBuilder().setSessionId(id).setArtifactId(artifactId).build();
    rpc.call(SessionServiceGrpc.getDeleteArtifactMethod(), request, Rpc.Repeat.ONLY_IF_REFUSED);
  }

  /**
   * What its terminal shows: all that was printed before the call. Fails with reason {@code
   * NO_SCREEN} where the session has no terminal. Drawing it takes its time where much was printed
   * since somebody last asked.
   *
   * @param parts what to have beside the text
   */
  public ScreenPicture screen(ScreenPart... parts) {
    List<ScreenPart> asked = List.of(parts);
    GetScreenRequest request =
        GetScreenRequest.newBuilder()
            .setSessionId(id)
            .setStyles(asked.contains(ScreenPart.STYLES))
            .setRestore(asked.contains(ScreenPart.RESTORE))
            .build();
    return new ScreenPicture(
        rpc.call(SessionServiceGrpc.getGetScreenMethod(), request, Rpc.Repeat.SAFE, SCREEN_DEADLINE)
            .getScreen());
  }

  /** Attaches: everything there is, then live. */
  public Attachment attach(AttachListener listener) {
    return attach(AttachOptions.fromBeginning(), listener);
  }

  /** Attaches. Returns at once; whether it worked, the listener hears. */
  public Attachment attach(AttachOptions options, AttachListener listener) {
    return client.attach(id, options, listener, () -> {});
  }

  /** The journal to be read by pulling. */
  public EventStream events(AttachOptions options) {
    return EventStream.open(client, id, options);
  }

  /** The output as a stream of bytes: everything there is, then live. */
  public SessionOutput output() {
    return output(AttachOptions.fromBeginning());
  }

  /** The output as a stream of bytes. */
  public SessionOutput output(AttachOptions options) {
    return SessionOutput.open(client, id, options);
  }

  /**
   * Types bytes, up to 1 MiB, once, without attaching. Tried again while the server refuses them
   * for a moment or is not reached; not where the answer was lost, since a server that was
   * restarted meanwhile would not know that they have been typed.
   *
   * @throws InputUncertainException when the answer was lost
   */
  public void sendInput(byte[] data) {
    SendInputRequest request =
        SendInputRequest.newBuilder()
            .setSessionId(id)
            .setData(ByteString.copyFrom(data))
            .setWriterId(UUID.randomUUID().toString())
            .setInputSeq(1)
            .build();
    Departure departure = new Departure();
    try {
      rpc.callOnce(SessionServiceGrpc.getSendInputMethod(), request, departure);
    } catch (CleatException e) {
      // Without a reason of Cleat's it is the connection or a proxy that speaks.
      if (e.reason().isEmpty() && departure.mayHaveDeparted() && !Rpc.refused(e)) {
        throw new InputUncertainException(data.length, e);
      }
      throw e;
    }
  }

  /** Sets the terminal's size, 1 to 4,096 each, whatever its resize policy. */
  public SessionInfo resize(int rows, int columns) {
    TerminalSize.Builder size = TerminalSize.newBuilder().setRows(rows).setColumns(columns);
    ResizeRequest request = ResizeRequest.newBuilder().setSessionId(id).setSize(size).build();
    return seen(
        rpc.call(SessionServiceGrpc.getResizeMethod(), request, Rpc.Repeat.SAFE).getSession());
  }

  /** Interrupts what runs in the foreground, as Ctrl-C does. Never waits behind input. */
  public void interrupt() {
    InterruptRequest request = InterruptRequest.newBuilder().setSessionId(id).build();
    rpc.call(SessionServiceGrpc.getInterruptMethod(), request, Rpc.Repeat.ONLY_IF_REFUSED);
  }

  /** Halts all its processes. */
  public SessionInfo pause() {
    PauseRequest request = PauseRequest.newBuilder().setSessionId(id).build();
    return seen(
        rpc.call(SessionServiceGrpc.getPauseMethod(), request, Rpc.Repeat.ONLY_IF_REFUSED)
            .getSession());
  }

  /** Lets it go on after {@link #pause}. */
  public SessionInfo resume() {
    ResumeRequest request = ResumeRequest.newBuilder().setSessionId(id).build();
    return seen(
        rpc.call(SessionServiceGrpc.getResumeMethod(), request, Rpc.Repeat.ONLY_IF_REFUSED)
            .getSession());
  }

  /** Ends its processes, politely first, by force after 5 s, and waits for that. */
  public SessionInfo stop() {
    return stop(STOP_GRACE);
  }

  /**
   * Ends its processes, politely first, by force after the grace period (up to 5 minutes), and
   * waits for that.
   */
  public SessionInfo stop(Duration gracePeriod) {
    StopRequest request =
        StopRequest.newBuilder().setSessionId(id).setGracePeriod(Times.of(gracePeriod)).build();
    return seen(
        rpc.call(
                SessionServiceGrpc.getStopMethod(),
                request,
                Rpc.Repeat.SAFE,
                rpc.deadline().plus(gracePeriod))
            .getSessions(0));
  }

  /**
   * Starts its process again, under the same id and numbering; a running one is stopped first, as
   * {@link #stop()} does.
   */
  public SessionInfo restart() {
    RestartRequest request =
        RestartRequest.newBuilder().setSessionId(id).setGracePeriod(Times.of(STOP_GRACE)).build();
    return seen(
        rpc.call(
                SessionServiceGrpc.getRestartMethod(),
                request,
                Rpc.Repeat.ONLY_IF_REFUSED,
                rpc.deadline().plus(STOP_GRACE))
            .getSession());
  }

  /** Changes settings. */
  public SessionInfo update(SessionSettings changes) {
    return seen(
        rpc.call(SessionServiceGrpc.getUpdateMethod(), changes.toRequest(id), Rpc.Repeat.SAFE)
            .getSession());
  }

  /**
   * Removes it for good, with its journal and its turns; refused while it or a child of it runs.
   */
  public void delete() {
    delete(false);
  }

  /**
   * Removes it for good, with its journal and its turns.
   *
   * @param force also what runs, and its children
   */
  public void delete(boolean force) {
    DeleteRequest request = DeleteRequest.newBuilder().setSessionId(id).setForce(force).build();
    try {
      rpc.call(SessionServiceGrpc.getDeleteMethod(), request, Rpc.Repeat.ONLY_IF_REFUSED);
    } catch (CleatException first) {
      if (first.code() != Code.UNAVAILABLE) {
        throw first;
      }
      // It may have happened or not; if it has, the second time does not find it.
      try {
        rpc.call(SessionServiceGrpc.getDeleteMethod(), request, Rpc.Repeat.SAFE);
      } catch (CleatException second) {
        if (!second.reason().equals("SESSION_NOT_FOUND")) {
          throw second;
        }
      }
    }
  }

  /**
   * Makes a ticket to this session in its present run: what a front end may be given. It is worth
   * nothing any more when its time is up or the session has ended.
   *
   * @param role what its bearer may do, no more than this client may
   * @param validFor 1 second to 24 hours
   */
  public Ticket ticket(AccessRole role, Duration validFor) {
    CreateTicketRequest request =
        CreateTicketRequest.newBuilder()
            .setSessionId(id)
            .setRole(role.raw())
            .setTtl(Times.of(validFor))
            .build();
    CreateTicketResponse made =
        rpc.call(AccessServiceGrpc.getCreateTicketMethod(), request, Rpc.Repeat.SAFE);
    return new Ticket(made.getTicket(), Times.of(made.getExpireTime()));
  }

  @Override
  public String toString() {
    return info.toString();
  }

  private SessionInfo seen(dev.cleat.v1.Session session) {
    SessionInfo now = new SessionInfo(session);
    info = now;
    return now;
  }
}
