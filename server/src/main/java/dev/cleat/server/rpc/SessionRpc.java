package dev.cleat.server.rpc;

import com.google.protobuf.Duration;
import dev.cleat.server.session.CreatedSession;
import dev.cleat.server.session.Session;
import dev.cleat.server.session.Settings;
import dev.cleat.server.session.Times;
import dev.cleat.server.session.Views;
import dev.cleat.server.store.Page;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.CreateResponse;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.DeleteResponse;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.GetActiveResponse;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetResponse;
import dev.cleat.v1.InterruptRequest;
import dev.cleat.v1.InterruptResponse;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.PauseRequest;
import dev.cleat.v1.PauseResponse;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.ResizeRequest;
import dev.cleat.v1.ResizeResponse;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.RestartResponse;
import dev.cleat.v1.ResumeRequest;
import dev.cleat.v1.ResumeResponse;
import dev.cleat.v1.SendInputRequest;
import dev.cleat.v1.SendInputResponse;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionView;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.SetActiveResponse;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.StopResponse;
import dev.cleat.v1.UpdateRequest;
import dev.cleat.v1.UpdateResponse;
import io.grpc.Context;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the session service that answer once, but for those about turns: {@link TurnRpc}.
 * Each method checks its request, does the thing, and answers; it runs on a virtual thread of its
 * own and may wait.
 */
final class SessionRpc {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1000;

  /** Many clients take no message that is larger than 4 MiB. */
  static final int PAGE_BYTES = 1 << 20;

  private static final java.time.Duration LONGEST_GRACE = java.time.Duration.ofMinutes(5);
  private static final java.time.Duration STOP_PATIENCE = java.time.Duration.ofSeconds(60);

  /** More at once are not read sooner, and each takes a mebibyte. */
  private static final int PAGES_AT_ONCE = 8;

  private final Semaphore pages = new Semaphore(PAGES_AT_ONCE, true);
  private final RpcMetrics metrics;
  private final java.time.Duration stopGrace;
  private final int inputLimit;

  SessionRpc(RpcMetrics metrics, java.time.Duration stopGrace, int inputLimit) {
    this.metrics = metrics;
    this.stopGrace = stopGrace;
    this.inputLimit = inputLimit;
  }

  CreateResponse create(Reach reach, CreateRequest request) {
    CreateChecks.check(request);
    final CreatedSession created = reach.create(request);
    return CreateResponse.newBuilder()
        .setSession(created.session().view())
        .setCreated(created.isNew())
        .build();
  }

  GetResponse get(Reach reach, GetRequest request) {
    return GetResponse.newBuilder().setSession(find(reach, request).view()).build();
  }

  private static Session find(Reach reach, GetRequest request) {
    final String token = request.getResumeToken();
    if (token.isEmpty()) {
      return reach.session(request.getSessionId(), request.getName());
    }
    new Checks()
        .require(
            request.getSessionId().isEmpty() && request.getName().isEmpty(),
            "resume_token",
            "give exactly one of session_id, name and resume_token")
        .text("resume_token", token, 200)
        .done();
    return reach.byResumeToken(token);
  }

  static int pageSize(int asked) {
    return asked == 0 ? DEFAULT_PAGE : Math.min(asked, LARGEST_PAGE);
  }

  ListResponse list(Reach reach, ListRequest request) {
    new Checks().pageSize(request.getPageSize()).done();
    final ListRequest query = request.toBuilder().clearPageSize().clearPageToken().build();
    final boolean full = request.getView() == SessionView.SESSION_VIEW_FULL;
    final PageTokens.@Nullable Place place =
        request.getPageToken().isEmpty()
            ? null
            : reach.tokens().place("List", query, request.getPageToken());
    final Page<dev.cleat.v1.Session> page =
        reach.list(request.getFilter(), place, pageSize(request.getPageSize()), PAGE_BYTES, full);
    final ListResponse.Builder response = ListResponse.newBuilder();
    page.items().stream()
        .map(session -> full ? session : Views.brief(session))
        .forEach(response::addSessions);
    if (page.more()) {
      final dev.cleat.v1.Session last = page.items().getLast();
      response.setNextPageToken(
          reach
              .tokens()
              .of(
                  "List",
                  query,
                  new PageTokens.Place(Times.nanos(last.getCreateTime()), last.getId())));
    }
    return response.build();
  }

  UpdateResponse update(Reach reach, UpdateRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    final List<String> fields = request.getUpdateMask().getPathsList();
    final Checks checks =
        new Checks()
            .require(!fields.isEmpty(), "update_mask", "must name the fields to set")
            .text("session.name", request.getSession().getName(), 200)
            .text("session.model", request.getSession().getModel(), 200)
            .text("session.agent_mode", request.getSession().getAgentMode(), 200)
            .text("session.role", request.getSession().getRole(), 200)
            .text("session.workspace", request.getSession().getWorkspace(), 200)
            .bytes("session.metadata", request.getSession().getMetadata(), 64 << 10)
            .duration(
                "session.idle_timeout",
                request.getSession().hasIdleTimeout(),
                request.getSession().getIdleTimeout())
            .duration(
                "session.lifetime",
                request.getSession().hasLifetime(),
                request.getSession().getLifetime());
    fields.stream()
        .filter(field -> !Settings.FIELDS.contains(field))
        .forEach(field ->
            checks.violation(
                "update_mask",
                "\""
                    + field
                    + "\" cannot be updated; these can: "
                    + String.join(", ", Settings.FIELDS.stream().sorted().toList())));
    CreateChecks.labels(checks, "session.labels", request.getSession().getLabelsMap());
    CreateChecks.retention(checks, request.getSession().getRetention());
    CreateChecks.approvals(checks, "session.approvals", request.getSession().getApprovals());
    checks.done();
    reach.update(session, request.getSession(), fields);
    return UpdateResponse.newBuilder().setSession(session.view()).build();
  }

  DeleteResponse delete(Reach reach, DeleteRequest request) {
    return DeleteResponse.newBuilder()
        .addAllSessionIds(
            reach.delete(
                some(
                    reach,
                    request.getSessionId(),
                    request.getName(),
                    request.hasFilter(),
                    request.getFilter()),
                request.getForce()))
        .build();
  }

  private static List<Session> some(
      Reach reach, String id, String name, boolean filtered, SessionFilter filter) {
    if (!filtered) {
      return List.of(reach.session(id, name));
    }
    new Checks()
        .require(id.isEmpty() && name.isEmpty(), "filter", "give only one of id, name and filter")
        .done();
    return reach.matching(filter);
  }

  private java.time.Duration grace(boolean set, Duration asked) {
    final Checks checks = new Checks().duration("grace_period", set, asked);
    checks.done();
    final java.time.Duration grace = set ? Times.duration(asked) : stopGrace;
    checks
        .require(grace.compareTo(LONGEST_GRACE) <= 0, "grace_period", "must be at most 5 minutes")
        .done();
    return grace;
  }

  StopResponse stop(Reach reach, StopRequest request) {
    final java.time.Duration grace = grace(request.hasGracePeriod(), request.getGracePeriod());
    final List<Session> some =
        some(
            reach,
            request.getSessionId(),
            request.getName(),
            request.hasFilter(),
            request.getFilter());
    final List<CompletableFuture<Void>> ending =
        some.stream().map(session -> session.stop(grace, "")).toList();
    if (!request.getNoWait()) {
      ending.forEach(ended -> Session.awaitEnd(ended, grace.plus(STOP_PATIENCE)));
    }
    return StopResponse.newBuilder()
        .addAllSessions(some.stream().map(Session::view).toList())
        .build();
  }

  RestartResponse restart(Reach reach, RestartRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    reach.restart(session, grace(request.hasGracePeriod(), request.getGracePeriod()));
    return RestartResponse.newBuilder().setSession(session.view()).build();
  }

  PauseResponse pause(Reach reach, PauseRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    session.pause();
    return PauseResponse.newBuilder().setSession(session.view()).build();
  }

  ResumeResponse resume(Reach reach, ResumeRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    session.resume();
    return ResumeResponse.newBuilder().setSession(session.view()).build();
  }

  InterruptResponse interrupt(Reach reach, InterruptRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    session.interrupt();
    return InterruptResponse.newBuilder().setSession(session.view()).build();
  }

  SetActiveResponse setActive(Reach reach, SetActiveRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().text("caller", request.getCaller(), 200).done();
    reach.setActive(request.getCaller(), session);
    return SetActiveResponse.newBuilder().setSession(session.view()).build();
  }

  GetActiveResponse getActive(Reach reach, GetActiveRequest request) {
    return GetActiveResponse.newBuilder()
        .setSession(reach.active(request.getCaller()).view())
        .build();
  }

  SendInputResponse sendInput(Reach reach, SendInputRequest request) throws InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    if (request.getData().size() > inputLimit) {
      throw AttachCall.tooLarge("data", inputLimit);
    }
    new Checks()
        .text("writer_id", request.getWriterId(), 128)
        .require(
            request.getWriterId().isEmpty() == (request.getInputSeq() == 0),
            "input_seq",
            "goes with writer_id: give both, or none")
        .done();
    final CompletableFuture<OptionalLong> taken =
        session.type(request.getWriterId(), request.getInputSeq(), request.getData());
    return SendInputResponse.newBuilder()
        .setInputSeq(awaited(taken).orElseThrow(session::discarded))
        .build();
  }

  /**
   * Waits for the terminal, as long as the caller does. What was typed stays typed: who calls again
   * for it waits again, and costs nothing meanwhile.
   */
  private static OptionalLong awaited(CompletableFuture<OptionalLong> taken)
      throws InterruptedException {
    final Context context = Context.current();
    final Context.CancellationListener leave = _ -> taken.cancel(false);
    context.addListener(leave, Runnable::run);
    try {
      return taken.get();
    } catch (CancellationException e) {
      throw new InterruptedException("the caller has gone");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      context.removeListener(leave);
    }
  }

  ResizeResponse resize(Reach reach, ResizeRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().size("size", request.getSize()).done();
    session.resize(request.getSize());
    return ResizeResponse.newBuilder().setSession(session.view()).build();
  }

  ReadEventsResponse readEvents(Reach reach, ReadEventsRequest request)
      throws java.io.IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().pageSize(request.getPageSize()).done();
    pages.acquireUninterruptibly();
    try {
      return new EventPage(session, reach.tokens(), request, metrics).read();
    } finally {
      pages.release();
    }
  }
}
