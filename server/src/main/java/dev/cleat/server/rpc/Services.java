package dev.cleat.server.rpc;

import com.google.protobuf.Message;
import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.auth.Tickets;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.session.Refusal;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.telemetry.AuditLog;
import dev.cleat.server.telemetry.AuditRecord;
import dev.cleat.server.telemetry.Calls;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.telemetry.Meter;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.v1.Access;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.ToolServiceGrpc;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The services as a gRPC server takes them: each method of the contract bound to what does it.
 * Attach has a marshaller of its own, so that the journal's bytes go out without becoming objects,
 * and every request is checked for its size and its encoding before anything looks at it. Nothing
 * here but {@link Reach} gets at a session, and each call has one of its own.
 */
public final class Services {
  /**
   * The attribute of a connection that says which event loop it has. Without it, which is no fault,
   * a client that waits for output waits a change of threads longer.
   */
  public static final Attributes.Key<ScheduledExecutorService> EVENT_LOOP =
      Attributes.Key.create("event-loop");

  /** What an answer is while it is made: read, as a message, and what both leave behind. */
  private static final int COPIES = 3;

  private final SessionRpc session;
  private final TurnRpc turn;
  private final ScreenRpc screen;
  private final ToolRpc tool;
  private final AccessRpc access;
  private final Sessions sessions;
  private final Draining draining;
  private final CallAudit audit;
  private final SendRoom room;
  private final Semaphore largeAnswers;
  private final RpcMetrics metrics = new RpcMetrics();
  private final int inputLimit;
  private final int messageLimit;

  /**
   * The services.
   *
   * @param audit gets what changes something
   * @param stopGrace where a call does not say
   * @param inputLimit bytes of input in one message
   * @param messageLimit bytes in one message
   * @param sendBytes that may wait to be sent on streams, about
   */
  public Services(
      Sessions sessions,
      Catalogue catalogue,
      Policy policy,
      Tickets tickets,
      Draining draining,
      AuditLog audit,
      Duration stopGrace,
      int inputLimit,
      int messageLimit,
      long sendBytes) {
    this.sessions = sessions;
    this.draining = draining;
    this.audit = new CallAudit(audit);
    this.inputLimit = inputLimit;
    this.messageLimit = messageLimit;
    this.room = new SendRoom(sendBytes);
    this.largeAnswers = new Semaphore(largeAnswers(messageLimit), true);
    this.session = new SessionRpc(metrics, stopGrace, inputLimit);
    this.turn = new TurnRpc(draining);
    this.screen = new ScreenRpc(draining);
    this.tool = new ToolRpc(catalogue, policy);
    this.access = new AccessRpc(tickets);
  }

  /** A quarter of the heap is for them. */
  private static int largeAnswers(int messageLimit) {
    final long each = (long) COPIES * messageLimit;
    return Math.clamp(Runtime.getRuntime().maxMemory() / 4 / each, 2, Integer.MAX_VALUE);
  }

  /**
   * What one call does within its reach: its request in, its answer out; it may wait, and throw.
   */
  private interface Work<Q, R> {
    R answer(Reach reach, Q request) throws Exception;
  }

  /** The same, with its reach found out. */
  private interface Call<Q, R> {
    R answer(Q request) throws Exception;
  }

  /**
   * Another service, with its requests checked as ours are.
   *
   * @param messageLimit bytes in one message
   */
  public static ServerServiceDefinition checked(ServerServiceDefinition service, int messageLimit) {
    final List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    service
        .getMethods()
        .forEach(method -> methods.add(CheckedRequests.checked(method, messageLimit)));
    return definition(service.getServiceDescriptor(), methods);
  }

  private static ServerServiceDefinition definition(
      ServiceDescriptor contract, List<ServerMethodDefinition<?, ?>> methods) {
    final ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(contract.getName())
            .setSchemaDescriptor(contract.getSchemaDescriptor());
    methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    final ServerServiceDefinition.Builder definition =
        ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(definition::addMethod);
    return definition.build();
  }

  /** What is measured of their callers. */
  public List<Meter> meters() {
    return metrics.meters();
  }

  /** All of them. */
  public List<ServerServiceDefinition> all() {
    return List.of(sessionService(), toolService(), accessService());
  }

  private ServerServiceDefinition sessionService() {
    final Definition service = new Definition(SessionServiceGrpc.getServiceDescriptor());
    unary(
        service,
        SessionServiceGrpc.getCreateMethod(),
        (reach, request) -> draining.begin(() -> session.create(reach, request)));
    unary(service, SessionServiceGrpc.getGetMethod(), session::get);
    large(service, SessionServiceGrpc.getListMethod(), session::list);
    unary(service, SessionServiceGrpc.getUpdateMethod(), session::update);
    unary(service, SessionServiceGrpc.getDeleteMethod(), session::delete);
    unary(service, SessionServiceGrpc.getStopMethod(), session::stop);
    unary(
        service,
        SessionServiceGrpc.getRestartMethod(),
        (reach, request) -> {
          draining.refuseWork();
          return session.restart(reach, request);
        });
    unary(service, SessionServiceGrpc.getPauseMethod(), session::pause);
    unary(service, SessionServiceGrpc.getResumeMethod(), session::resume);
    unary(service, SessionServiceGrpc.getInterruptMethod(), session::interrupt);
    unary(service, SessionServiceGrpc.getSetActiveMethod(), session::setActive);
    unary(service, SessionServiceGrpc.getGetActiveMethod(), session::getActive);
    unary(service, SessionServiceGrpc.getSendInputMethod(), session::sendInput);
    unary(service, SessionServiceGrpc.getResizeMethod(), session::resize);
    large(service, SessionServiceGrpc.getReadEventsMethod(), session::readEvents);
    large(service, SessionServiceGrpc.getGetScreenMethod(), screen::getScreen);
    unary(
        service,
        SessionServiceGrpc.getSendPromptMethod(),
        (reach, request) -> draining.begin(() -> turn.sendPrompt(reach, request)));
    unary(service, SessionServiceGrpc.getGetTurnMethod(), turn::getTurn);
    large(service, SessionServiceGrpc.getListApprovalsMethod(), ApprovalRpc::listApprovals);
    unary(service, SessionServiceGrpc.getResolveApprovalMethod(), ApprovalRpc::resolveApproval);
    large(service, SessionServiceGrpc.getListArtifactsMethod(), ArtifactRpc::listArtifacts);
    unary(service, SessionServiceGrpc.getDeleteArtifactMethod(), ArtifactRpc::deleteArtifact);
    service.add(
        SessionServiceGrpc.getGetArtifactMethod(),
        rule ->
            ServerCalls.asyncServerStreamingCall(
                (request, observer) -> getArtifact(rule, request, observer)));
    large(service, SessionServiceGrpc.getListTurnsMethod(), turn::listTurns);
    unary(service, SessionServiceGrpc.getWaitTurnMethod(), turn::waitTurn);
    unary(service, SessionServiceGrpc.getCancelTurnMethod(), turn::cancelTurn);
    unary(service, SessionServiceGrpc.getAddUsageMethod(), turn::addUsage);
    service.add(
        SessionServiceGrpc.getWatchMethod(),
        rule ->
            ServerCalls.asyncServerStreamingCall(
                (request, observer) -> watch(rule, request, observer)));
    service.add(
        SessionServiceGrpc.getAttachMethod().toBuilder(
                SessionServiceGrpc.getAttachMethod().getRequestMarshaller(),
                new AttachFrame.Marshaller())
            .build(),
        rule ->
            (call, headers) ->
                ServerCalls.<AttachRequest, AttachFrame>asyncBidiStreamingCall(
                        observer -> attach(rule, observer, call.getAttributes().get(EVENT_LOOP)))
                    .startCall(call, headers));
    return service.build();
  }

  private ServerServiceDefinition toolService() {
    final Definition service = new Definition(ToolServiceGrpc.getServiceDescriptor());
    unary(service, ToolServiceGrpc.getListToolsMethod(), tool::listTools);
    unary(service, ToolServiceGrpc.getGetToolMethod(), (_, request) -> tool.getTool(request));
    unary(
        service, ToolServiceGrpc.getGetToolHelpMethod(), (_, request) -> tool.getToolHelp(request));
    return service.build();
  }

  /** A message that is longer than the caller's tenant may send. */
  private @Nullable Refusal tooLong(int size) {
    final String tenant = CallerContext.current().tenant();
    final Refusal refusal = sessions.messageTooLong(tenant, size);
    if (refusal != null) {
      metrics.refused(tenant, refusal);
    }
    return refusal;
  }

  private ServerServiceDefinition accessService() {
    final Definition service = new Definition(AccessServiceGrpc.getServiceDescriptor());
    unary(service, AccessServiceGrpc.getCreateTicketMethod(), access::createTicket);
    unary(service, AccessServiceGrpc.getWhoAmIMethod(), AccessRpc::whoAmI);
    unary(service, AccessServiceGrpc.getGetQuotasMethod(), AccessRpc::getQuotas);
    return service.build();
  }

  /**
   * Whether the handlers of a method run on the event loop of the connection, and never wait:
   * Attach, which so saves a change of threads for each keystroke.
   */
  public static boolean isOnEventLoop(MethodDescriptor<?, ?> method) {
    return method
        .getFullMethodName()
        .equals(SessionServiceGrpc.getAttachMethod().getFullMethodName());
  }

  /** What the current call reaches. */
  private Reach reach(Access rule) {
    return Reach.of(CallerContext.current(), rule, sessions);
  }

  /**
   * One whose answer may be as large as a message may be. Few are made at a time, so that many
   * clients that take them slowly, or not at all, cost time and not the heap.
   */
  private <Q extends Message, R extends Message> void large(
      Definition service, MethodDescriptor<Q, R> method, Work<Q, R> work) {
    service.add(
        method,
        rule ->
            ServerCalls.asyncUnaryCall((request, observer) -> {
              largeAnswers.acquireUninterruptibly();
              try {
                if (!Context.current().isCancelled()) {
                  answer(read -> work.answer(reach(rule), read), request, observer);
                }
              } finally {
                largeAnswers.release();
              }
            }));
  }

  private <Q extends Message, R extends Message> void unary(
      Definition service, MethodDescriptor<Q, R> method, Work<Q, R> work) {
    final String name = Calls.name(method);
    final boolean audited = audit.isOn() && Calls.changes(method);
    service.add(
        method,
        rule -> {
          final Call<Q, R> call = request -> work.answer(reach(rule), request);
          final Call<Q, R> whole = audited ? audited(name, call) : call;
          return ServerCalls.asyncUnaryCall(
              (request, observer) -> answer(whole, request, observer));
        });
  }

  private <Q extends Message, R extends Message> void answer(
      Call<Q, R> call, Q request, StreamObserver<R> observer) {
    final String tenant = CallerContext.current().tenant();
    LogFields.call(
        tenant, CallAudit.text(request, "session_id"), CallAudit.text(request, "turn_id"));
    final R answer;
    try {
      answer = call.answer(request);
    } catch (Exception e) {
      metrics.refused(tenant, e);
      observer.onError(Errors.status(e));
      return;
    } finally {
      LogFields.clear();
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  private <Q extends Message, R extends Message> Call<Q, R> audited(String name, Call<Q, R> call) {
    return request -> {
      final AuditRecord record = audit.begin(name, request, CallAudit.session(request));
      final R answer;
      try {
        answer = call.answer(request);
      } catch (Exception e) {
        // The refusal is lost on the way out.
        metrics.refused(CallerContext.current().tenant(), e);
        final StatusRuntimeException status = Errors.status(e);
        audit.failed(record, status);
        throw status;
      }
      audit.done(record, answer);
      return answer;
    };
  }

  private void watch(Access rule, WatchRequest request, StreamObserver<WatchResponse> observer) {
    try {
      final Reach reach = reach(rule);
      new Checks().heartbeat(request.hasHeartbeatInterval(), request.getHeartbeatInterval()).done();
      draining.refuse();
      new WatchCall(
              request,
              reach.changes().journal(),
              draining,
              metrics,
              room,
              (ServerCallStreamObserver<WatchResponse>) observer)
          .start();
    } catch (RuntimeException e) {
      observer.onError(Errors.status(e));
    }
  }

  private void getArtifact(
      Access rule, GetArtifactRequest request, StreamObserver<GetArtifactResponse> observer) {
    try {
      new ArtifactCall(
              reach(rule),
              request,
              draining,
              room,
              (ServerCallStreamObserver<GetArtifactResponse>) observer)
          .start();
    } catch (RuntimeException e) {
      observer.onError(Errors.status(e));
    }
  }

  private StreamObserver<AttachRequest> attach(
      Access rule,
      StreamObserver<AttachFrame> observer,
      @Nullable ScheduledExecutorService eventLoop) {
    return new AttachCall(
        reach(rule),
        draining,
        new AttachNotes(audit, metrics),
        inputLimit,
        room,
        (ServerCallStreamObserver<AttachFrame>) observer,
        eventLoop);
  }

  /** A service definition in the making. */
  private final class Definition {
    private final ServiceDescriptor contract;
    private final List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();

    Definition(ServiceDescriptor contract) {
      this.contract = contract;
    }

    /** Binds a method of the contract, by the rule that it has there. */
    <Q, R> void add(
        MethodDescriptor<Q, R> method, Function<Access, ServerCallHandler<Q, R>> handler) {
      methods.add(
          CheckedRequests.checked(
              ServerMethodDefinition.create(method, handler.apply(AccessRules.of(method))),
              messageLimit,
              Services.this::tooLong));
    }

    ServerServiceDefinition build() {
      return definition(contract, methods);
    }
  }
}
