package dev.cleat.client;

import dev.cleat.v1.AddUsageRequest;
import dev.cleat.v1.AddUsageResponse;
import dev.cleat.v1.AgentError;
import dev.cleat.v1.AgentMessage;
import dev.cleat.v1.AgentMode;
import dev.cleat.v1.AgentModeChanged;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.AgentText;
import dev.cleat.v1.AgentThought;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CancelTurnResponse;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetResponse;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ListApprovalsResponse;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ListTurnsResponse;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.ResolveApprovalResponse;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SendPromptResponse;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.ToolCall;
import dev.cleat.v1.ToolResult;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.Usage;
import dev.cleat.v1.UsageReported;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * A {@link FakeService} whose session is an agent that does, on a thread of its own, what a test
 * says. Questions are asked, answered once and denied when their turn ends, as the contract has it.
 */
public final class FakeAgent extends FakeService {
  private final List<AddUsageRequest> added = new ArrayList<>();
  private final List<CreateRequest> created = new ArrayList<>();
  private final List<SendPromptRequest> prompts = new ArrayList<>();
  private Consumer<Play> script = play -> {};
  private final FakeApprovals approvals = new FakeApprovals(this);
  private Session session;

  /** An agent that takes prompts in this way. */
  public FakeAgent(dev.cleat.v1.PromptWay way) {
    session =
        Session.newBuilder()
            .setId("s")
            .setTool("claude")
            .setState(SessionState.SESSION_STATE_RUNNING)
            .setPromptWay(way)
            .setEpoch(1)
            .build();
  }

  /** What it does about the next prompts; a turn that it does not end succeeds. */
  public synchronized void will(Consumer<Play> next) {
    script = next;
  }

  /** Changes what is said about the session. */
  public synchronized void session(Consumer<Session.Builder> change) {
    Session.Builder changed = session.toBuilder();
    change.accept(changed);
    session = changed.build();
  }

  /** The creations so far. */
  public synchronized List<CreateRequest> created() {
    return List.copyOf(created);
  }

  /** The prompts so far. */
  public synchronized List<SendPromptRequest> prompts() {
    return List.copyOf(prompts);
  }

  /** The questions so far, answered or not. */
  public synchronized List<Approval> approvals() {
    return approvals.all();
  }

  @Override
  public synchronized void create(CreateRequest request, StreamObserver<CreateResponse> responses) {
    created.add(request);
    responses.onNext(CreateResponse.newBuilder().setSession(now()).setCreated(true).build());
    responses.onCompleted();
  }

  @Override
  public synchronized void get(GetRequest request, StreamObserver<GetResponse> responses) {
    boolean found =
        request.getSessionId().equals("s")
            || (!request.getResumeToken().isEmpty()
                && request.getResumeToken().equals(session.getResumeToken()));
    if (!found) {
      responses.onError(Failures.of(Status.Code.NOT_FOUND, "SESSION_NOT_FOUND"));
      return;
    }
    responses.onNext(GetResponse.newBuilder().setSession(now()).build());
    responses.onCompleted();
  }

  @Override
  public synchronized void sendPrompt(
      SendPromptRequest request, StreamObserver<SendPromptResponse> responses) {
    Turn accepted = turns.get(request.getRequestId());
    if (accepted == null) {
      prompts.add(request);
      accepted =
          Turn.newBuilder()
              .setId("t" + (turns.size() + 1))
              .setSessionId("s")
              .setRequestId(request.getRequestId())
              .setCreateTime(Times.timestamp(Instant.now()))
              .setState(TurnState.TURN_STATE_ACCEPTED)
              .build();
      changed(accepted);
      Play play = new Play(accepted);
      Consumer<Play> todo = script;
      Thread agent = new Thread(() -> play.run(todo), "fake-agent");
      agent.setDaemon(true);
      agent.start();
    }
    responses.onNext(SendPromptResponse.newBuilder().setTurn(accepted).build());
    responses.onCompleted();
  }

  @Override
  public synchronized void listTurns(
      ListTurnsRequest request, StreamObserver<ListTurnsResponse> responses) {
    // One on a page, as if they were long.
    String token = request.getPageToken();
    List<Turn> rest = List.copyOf(turns.values());
    rest = rest.subList(token.isEmpty() ? 0 : Integer.parseInt(token), rest.size());
    ListTurnsResponse.Builder page = ListTurnsResponse.newBuilder();
    rest.stream().limit(1).forEach(page::addTurns);
    if (rest.size() > 1) {
      page.setNextPageToken(Integer.toString(turns.size() - rest.size() + 1));
    }
    responses.onNext(page.build());
    responses.onCompleted();
  }

  @Override
  public synchronized void cancelTurn(
      CancelTurnRequest request, StreamObserver<CancelTurnResponse> responses) {
    end(byId(request.getTurnId()), TurnState.TURN_STATE_CANCELLED, t -> {});
    responses.onNext(CancelTurnResponse.newBuilder().setTurn(byId(request.getTurnId())).build());
    responses.onCompleted();
  }

  @Override
  public synchronized void addUsage(
      AddUsageRequest request, StreamObserver<AddUsageResponse> responses) {
    added.add(request);
    responses.onNext(
        AddUsageResponse.newBuilder()
            .setTurn(byId(request.getTurnId()).toBuilder().setUsage(request.getUsage()))
            .build());
    responses.onCompleted();
  }

  /** What was added to the usage of turns. */
  synchronized List<AddUsageRequest> added() {
    return List.copyOf(added);
  }

  @Override
  public synchronized void listApprovals(
      ListApprovalsRequest request, StreamObserver<ListApprovalsResponse> responses) {
    responses.onNext(
        ListApprovalsResponse.newBuilder().addAllApprovals(approvals.waiting()).build());
    responses.onCompleted();
  }

  @Override
  public void resolveApproval(
      ResolveApprovalRequest request, StreamObserver<ResolveApprovalResponse> responses) {
    try {
      Approval resolved = approvals.resolve(request);
      responses.onNext(ResolveApprovalResponse.newBuilder().setApproval(resolved).build());
      responses.onCompleted();
    } catch (StatusRuntimeException refused) {
      responses.onError(refused);
    }
  }

  private Session now() {
    return session.toBuilder()
        .setHeadSeq(head())
        .addAllPendingApprovals(approvals.waiting())
        .build();
  }

  private synchronized void end(Turn turn, TurnState state, Consumer<Turn.Builder> more) {
    Turn now = byId(turn.getId());
    if (dev.cleat.client.Turn.of(now).ended()) {
      return;
    }
    approvals.denyAll(ApprovalSource.APPROVAL_SOURCE_TURN_ENDED);
    Turn.Builder ended =
        now.toBuilder().setState(state).setJudgedBy(EvidenceSource.EVIDENCE_SOURCE_STRUCTURED);
    more.accept(ended);
    changed(ended.build());
  }

  /** What an agent can do during a turn. For the agent's thread. */
  public final class Play {
    private final Turn turn;
    private final String id;

    Play(Turn turn) {
      this.turn = turn;
      this.id = turn.getId();
    }

    void run(Consumer<Play> todo) {
      changed(
          turn.toBuilder()
              .setState(TurnState.TURN_STATE_RUNNING)
              .setStartTime(Times.timestamp(Instant.now()))
              .build());
      todo.accept(this);
      end(turn, TurnState.TURN_STATE_SUCCEEDED, t -> {});
    }

    /** Says something. */
    public Play says(String text) {
      append(Event.newBuilder().setAgentText(AgentText.newBuilder().setTurnId(id).setText(text)));
      return this;
    }

    /** Says something in a turn of somebody else's. */
    public Play saysElsewhere(String text) {
      append(Event.newBuilder().setAgentText(AgentText.newBuilder().setTurnId("x").setText(text)));
      return this;
    }

    /** Thinks aloud. */
    public Play thinks(String text) {
      append(
          Event.newBuilder()
              .setAgentThought(AgentThought.newBuilder().setTurnId(id).setText(text)));
      return this;
    }

    /** Uses a tool. */
    public Play calls(String callId, String tool, String title) {
      append(
          Event.newBuilder()
              .setToolCall(
                  ToolCall.newBuilder()
                      .setTurnId(id)
                      .setCallId(callId)
                      .setName(tool)
                      .setTitle(title)
                      .setInputJson("{}")
                      .addPaths("/f")));
      return this;
    }

    /** A tool has returned. */
    public Play returned(String callId, boolean failed, String text) {
      append(
          Event.newBuilder()
              .setToolResult(
                  ToolResult.newBuilder()
                      .setTurnId(id)
                      .setCallId(callId)
                      .setFailed(failed)
                      .setText(text)));
      return this;
    }

    /** Tells what it has used, and that its conversation has used something, which is no event. */
    public Play used(Usage usage) {
      append(
          Event.newBuilder()
              .setUsageReported(UsageReported.newBuilder().setTurnId(id).setConversation(usage)));
      append(
          Event.newBuilder()
              .setUsageReported(UsageReported.newBuilder().setTurnId(id).setUsage(usage)));
      return this;
    }

    /** Reports an error. */
    public Play errs(String message) {
      append(
          Event.newBuilder()
              .setAgentError(AgentError.newBuilder().setTurnId(id).setMessage(message)));
      return this;
    }

    /** Says something that has no event of its own. */
    public Play sends(String json) {
      append(
          Event.newBuilder()
              .setAgentMessage(
                  AgentMessage.newBuilder().setTurnId(id).setProtocol("acp").setJson(json)));
      return this;
    }

    /** Is in this mode, which is the only one; its name is in capitals. */
    public Play enters(String mode, boolean byItself) {
      append(
          Event.newBuilder()
              .setAgentModeChanged(
                  AgentModeChanged.newBuilder()
                      .setByAgent(byItself)
                      .setModes(
                          AgentModes.newBuilder()
                              .setCurrentId(mode)
                              .addAvailable(
                                  AgentMode.newBuilder()
                                      .setId(mode)
                                      .setName(mode.toUpperCase(Locale.ROOT))))));
      return this;
    }

    /** Has not got the prompt: it waits again. */
    public Play waitsAgain() {
      changed(turn.toBuilder().setState(TurnState.TURN_STATE_QUEUED).build());
      return this;
    }

    /** Gets the prompt. */
    public Play isHandedOver() {
      changed(turn.toBuilder().setState(TurnState.TURN_STATE_SUBMITTED).build());
      return this;
    }

    /** Asks a question with three options, and goes on. */
    public Play asks(String approvalId, String question) {
      approvals.ask(id, approvalId, question);
      return this;
    }

    /** Waits for an answer. */
    public ApprovalAnswer awaitAnswer(String approvalId) {
      return approvals.awaitAnswer(approvalId);
    }

    /** Nobody answers in time. */
    public void passDeadlines() {
      approvals.denyAll(ApprovalSource.APPROVAL_SOURCE_DEADLINE);
    }

    /** Ends the turn otherwise than well. */
    public void ends(TurnState state, TurnEndReason reason, String message) {
      end(turn, state, t -> t.setEndReason(reason).setStatusMessage(message));
    }

    /** Fails as a command does, with this on standard error. */
    public void fails(String errorTail) {
      end(
          turn,
          TurnState.TURN_STATE_FAILED,
          t ->
              t.setEndReason(TurnEndReason.TURN_END_REASON_EXIT_CODE)
                  .setExit(dev.cleat.v1.Exit.newBuilder().setCode(7))
                  .setErrorTail(errorTail));
    }
  }
}
