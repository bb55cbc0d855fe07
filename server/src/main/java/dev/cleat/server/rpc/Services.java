package dev.cleat.server.rpc;

import dev.cleat.server.session.Sessions;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.ToolServiceGrpc;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Attributes;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The services as a gRPC server takes them: each method of the contract bound to what does it.
 * Attach has a marshaller of its own, so that the journal's bytes go out without becoming objects,
 * and every request is checked for its size and its encoding before anything looks at it.
 */
public final class Services {
  /**
   * The attribute of a connection that says which event loop it has. Without it, which is no fault,
   * a client that waits for output waits a change of threads longer.
   */
  public static final Attributes.Key<ScheduledExecutorService> EVENT_LOOP =
      Attributes.Key.create("event-loop");

  private final SessionRpc session;
  private final TurnRpc turn;
  private final ApprovalRpc approval;
  private final ArtifactRpc artifact;
  private final ScreenRpc screen;
  private final ToolRpc tool;
  private final Sessions sessions;
  private final Draining draining;
  private final int inputLimit;
  private final int messageLimit;

  /**
   * The services.
   *
   * @param stopGrace where a call does not say
   * @param inputLimit bytes of input in one message
   * @param messageLimit bytes in one message
   */
  public Services(
      Sessions sessions,
      Catalogue catalogue,
      Draining draining,
      Duration stopGrace,
      int inputLimit,
      int messageLimit) {
    this.sessions = sessions;
    this.draining = draining;
    this.inputLimit = inputLimit;
    this.messageLimit = messageLimit;
    this.session = new SessionRpc(sessions, stopGrace, inputLimit);
    this.turn = new TurnRpc(sessions, draining);
    this.approval = new ApprovalRpc(sessions);
    this.artifact = new ArtifactRpc(sessions);
    this.screen = new ScreenRpc(sessions, draining);
    this.tool = new ToolRpc(catalogue);
  }

  /** What one call does: its request in, its answer out; it may wait, and throw. */
  private interface Work<Q, R> {
    R answer(Q request) throws Exception;
  }

  /** All of them. */
  public List<ServerServiceDefinition> all() {
    return List.of(sessionService(), toolService());
  }

  private ServerServiceDefinition sessionService() {
    final Definition service = new Definition(SessionServiceGrpc.getServiceDescriptor());
    unary(
        service,
        SessionServiceGrpc.getCreateMethod(),
        request -> {
          draining.refuse();
          return session.create(request);
        });
    unary(service, SessionServiceGrpc.getGetMethod(), session::get);
    unary(service, SessionServiceGrpc.getListMethod(), session::list);
    unary(service, SessionServiceGrpc.getUpdateMethod(), session::update);
    unary(service, SessionServiceGrpc.getDeleteMethod(), session::delete);
    unary(service, SessionServiceGrpc.getStopMethod(), session::stop);
    unary(
        service,
        SessionServiceGrpc.getRestartMethod(),
        request -> {
          draining.refuse();
          return session.restart(request);
        });
    unary(service, SessionServiceGrpc.getPauseMethod(), session::pause);
    unary(service, SessionServiceGrpc.getResumeMethod(), session::resume);
    unary(service, SessionServiceGrpc.getInterruptMethod(), session::interrupt);
    unary(service, SessionServiceGrpc.getSetActiveMethod(), session::setActive);
    unary(service, SessionServiceGrpc.getGetActiveMethod(), session::getActive);
    unary(service, SessionServiceGrpc.getSendInputMethod(), session::sendInput);
    unary(service, SessionServiceGrpc.getResizeMethod(), session::resize);
    unary(service, SessionServiceGrpc.getReadEventsMethod(), session::readEvents);
    unary(service, SessionServiceGrpc.getGetScreenMethod(), screen::getScreen);
    unary(
        service,
        SessionServiceGrpc.getSendPromptMethod(),
        request -> {
          draining.refuse();
          return turn.sendPrompt(request);
        });
    unary(service, SessionServiceGrpc.getGetTurnMethod(), turn::getTurn);
    unary(service, SessionServiceGrpc.getListApprovalsMethod(), approval::listApprovals);
    unary(service, SessionServiceGrpc.getResolveApprovalMethod(), approval::resolveApproval);
    unary(service, SessionServiceGrpc.getListArtifactsMethod(), artifact::listArtifacts);
    unary(service, SessionServiceGrpc.getDeleteArtifactMethod(), artifact::deleteArtifact);
    service.add(
        SessionServiceGrpc.getGetArtifactMethod(),
        ServerCalls.asyncServerStreamingCall(this::getArtifact));
    unary(service, SessionServiceGrpc.getListTurnsMethod(), turn::listTurns);
    unary(service, SessionServiceGrpc.getWaitTurnMethod(), turn::waitTurn);
    unary(service, SessionServiceGrpc.getCancelTurnMethod(), turn::cancelTurn);
    unary(service, SessionServiceGrpc.getAddUsageMethod(), turn::addUsage);
    service.add(
        SessionServiceGrpc.getWatchMethod(), ServerCalls.asyncServerStreamingCall(this::watch));
    service.add(
        SessionServiceGrpc.getAttachMethod().toBuilder(
                SessionServiceGrpc.getAttachMethod().getRequestMarshaller(),
                new AttachFrame.Marshaller())
            .build(),
        (call, headers) ->
            ServerCalls.<AttachRequest, AttachFrame>asyncBidiStreamingCall(
                    observer -> attach(observer, call.getAttributes().get(EVENT_LOOP)))
                .startCall(call, headers));
    return service.build();
  }

  private ServerServiceDefinition toolService() {
    final Definition service = new Definition(ToolServiceGrpc.getServiceDescriptor());
    unary(service, ToolServiceGrpc.getListToolsMethod(), tool::listTools);
    unary(service, ToolServiceGrpc.getGetToolMethod(), tool::getTool);
    unary(service, ToolServiceGrpc.getGetToolHelpMethod(), tool::getToolHelp);
    return service.build();
  }

  private static <Q, R> void unary(
      Definition service, MethodDescriptor<Q, R> method, Work<Q, R> work) {
    final BiConsumer<Q, StreamObserver<R>> call =
        (request, observer) -> {
          final R answer;
          try {
            answer = work.answer(request);
          } catch (Exception e) {
            observer.onError(Errors.status(e));
            return;
          }
          observer.onNext(answer);
          observer.onCompleted();
        };
    service.add(method, ServerCalls.asyncUnaryCall(call::accept));
  }

  private void watch(WatchRequest request, StreamObserver<WatchResponse> observer) {
    try {
      new Checks().heartbeat(request.hasHeartbeatInterval(), request.getHeartbeatInterval()).done();
      draining.refuse();
      new WatchCall(
              request,
              sessions.changes().journal(),
              draining,
              (ServerCallStreamObserver<WatchResponse>) observer)
          .start();
    } catch (RuntimeException e) {
      observer.onError(Errors.status(e));
    }
  }

  private void getArtifact(
      GetArtifactRequest request, StreamObserver<GetArtifactResponse> observer) {
    new ArtifactCall(
            request, artifact, draining, (ServerCallStreamObserver<GetArtifactResponse>) observer)
        .start();
  }

  private StreamObserver<AttachRequest> attach(
      StreamObserver<AttachFrame> observer, @Nullable ScheduledExecutorService eventLoop) {
    return new AttachCall(
        sessions,
        draining,
        inputLimit,
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

    <Q, R> void add(MethodDescriptor<Q, R> method, io.grpc.ServerCallHandler<Q, R> handler) {
      methods.add(
          CheckedRequests.checked(ServerMethodDefinition.create(method, handler), messageLimit));
    }

    ServerServiceDefinition build() {
      final ServiceDescriptor.Builder descriptor =
          ServiceDescriptor.newBuilder(contract.getName())
              .setSchemaDescriptor(contract.getSchemaDescriptor());
      methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
      final ServerServiceDefinition.Builder definition =
          ServerServiceDefinition.builder(descriptor.build());
      methods.forEach(definition::addMethod);
      return definition.build();
    }
  }
}
