package dev.cleat.client;

import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.GetQuotasRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.GetToolHelpRequest;
import dev.cleat.v1.GetToolHelpResponse;
import dev.cleat.v1.GetToolRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.ListToolsRequest;
import dev.cleat.v1.ListToolsResponse;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionView;
import dev.cleat.v1.SetActiveRequest;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.ToolServiceGrpc;
import dev.cleat.v1.WhoAmIRequest;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection to Cleat.
 *
 * <pre>{@code
 * try (CleatClient cleat = CleatClient.connect("127.0.0.1:7070")) {
 *   Session session = cleat.create("bash");
 *   Turn turn = session.prompt("make test");
 *   System.out.println(turn.output() + turn.exitCode());
 * }
 * }</pre>
 *
 * <p>Safe for use by any thread; one client serves a whole program. Closing it ends its attachments
 * and watches and leaves the sessions alone.
 */
public final class CleatClient implements AutoCloseable {
  private final Rpc rpc;
  private final @Nullable ManagedChannel owned;
  private final Map<ResumeLoop<?, ?>, Runnable> open = new ConcurrentHashMap<>();
  // As many threads as callers' code behind the futures of sends occupies; idle ones go away.
  private final Executor completions =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          5,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          CleatClient::completionThread);
  private volatile boolean closed;

  CleatClient(Rpc rpc, @Nullable ManagedChannel owned) {
    this.rpc = rpc;
    this.owned = owned;
  }

  /**
   * To a server without TLS, with all defaults. Returns at once; the first call connects.
   *
   * @param target {@code HOST:PORT}
   */
  public static CleatClient connect(String target) {
    return builder().target(target).build();
  }

  /** To choose more than the address. */
  public static CleatClientBuilder builder() {
    return new CleatClientBuilder();
  }

  /** Creates a session that runs this tool of the catalogue, with all defaults. */
  public Session create(String tool) {
    return create(NewSession.of(tool));
  }

  /** Creates a session. Repeated safely where the connection breaks. */
  public Session create(NewSession session) {
    CreateRequest request = session.toRequest();
    return handle(
        rpc.call(SessionServiceGrpc.getCreateMethod(), request, Rpc.Repeat.SAFE).getSession());
  }

  /** The session with this id. */
  public Session session(String id) {
    return get(GetRequest.newBuilder().setSessionId(id).build());
  }

  /** The session with this exact name. */
  public Session sessionByName(String name) {
    return get(GetRequest.newBuilder().setName(name).build());
  }

  /**
   * The session whose tool calls its own session so, the newest where several have it: what {@link
   * SessionInfo#resumeToken} says.
   */
  public Session byResumeToken(String token) {
    return get(GetRequest.newBuilder().setResumeToken(token).build());
  }

  /** All sessions that are not internal, oldest first. */
  public List<SessionInfo> list() {
    return list(SessionQuery.all());
  }

  /** All sessions that match, oldest first, with everything there is to know about each. */
  public List<SessionInfo> list(SessionQuery query) {
    List<SessionInfo> all = new ArrayList<>();
    ListRequest request =
        ListRequest.newBuilder()
            .setFilter(query.toFilter())
            .setView(SessionView.SESSION_VIEW_FULL)
            .setPageSize(200)
            .build();
    ListResponse page;
    do {
      page = rpc.call(SessionServiceGrpc.getListMethod(), request, Rpc.Repeat.SAFE);
      page.getSessionsList().forEach(session -> all.add(new SessionInfo(session)));
      request = request.toBuilder().setPageToken(page.getNextPageToken()).build();
    } while (!page.getNextPageToken().isEmpty());
    return all;
  }

  /**
   * Ends the processes of all sessions that match, up to 1,000, politely first, by force after 5 s,
   * and waits for that.
   */
  public List<SessionInfo> stop(SessionQuery query) {
    StopRequest request =
        StopRequest.newBuilder()
            .setFilter(query.toFilter())
            .setGracePeriod(Times.of(Session.STOP_GRACE))
            .build();
    return rpc
        .call(
            SessionServiceGrpc.getStopMethod(),
            request,
            Rpc.Repeat.SAFE,
            rpc.deadline().plus(Session.STOP_GRACE))
        .getSessionsList()
        .stream()
        .map(SessionInfo::new)
        .toList();
  }

  /**
   * Removes all sessions that match, up to 1,000; none when one of them may not be.
   *
   * @param force also what runs, and children
   * @return the ids of those that were removed
   */
  public List<String> delete(SessionQuery query, boolean force) {
    DeleteRequest request =
        DeleteRequest.newBuilder().setFilter(query.toFilter()).setForce(force).build();
    return rpc.call(SessionServiceGrpc.getDeleteMethod(), request, Rpc.Repeat.ONLY_IF_REFUSED)
        .getSessionIdsList();
  }

  /** Watches what happens to all sessions that are not internal, from now on. */
  public SessionWatch watch(WatchListener listener) {
    return watch(SessionQuery.all(), null, listener);
  }

  /**
   * Watches what happens to sessions. Returns at once; whether it worked, the listener hears.
   *
   * @param query which, judged by each change as it was
   * @param after where to start, as an earlier change gave it; null for now
   */
  public SessionWatch watch(SessionQuery query, @Nullable Position after, WatchListener listener) {
    WatchFeed feed = new WatchFeed(rpc, query, after, listener);
    ResumeLoop<?, ?> loop = new ResumeLoop<>(rpc, feed, Times.nanos(WatchFeed.HEARTBEAT) * 5 / 2);
    SessionWatch watch = new SessionWatch(feed, loop::stop);
    run(loop, watch::close, threads("cleat-watch"));
    return watch;
  }

  /** Makes a session the caller's active one; the empty name is a caller like any other. */
  public void setActive(String caller, Session session) {
    SetActiveRequest request =
        SetActiveRequest.newBuilder().setCaller(caller).setSessionId(session.id()).build();
    rpc.call(SessionServiceGrpc.getSetActiveMethod(), request, Rpc.Repeat.SAFE);
  }

  /**
   * The caller's active session; fails with reason {@code NO_ACTIVE_SESSION} when there is none.
   */
  public Session active(String caller) {
    GetActiveRequest request = GetActiveRequest.newBuilder().setCaller(caller).build();
    return handle(
        rpc.call(SessionServiceGrpc.getGetActiveMethod(), request, Rpc.Repeat.SAFE).getSession());
  }

  /** The catalogue of tools, by name. */
  public List<ToolInfo> tools() {
    return tools(ListToolsRequest.getDefaultInstance());
  }

  /** The same with their versions: the server asks their programs, which takes a moment. */
  public List<ToolInfo> toolsWithVersions() {
    return tools(ListToolsRequest.newBuilder().setVersions(true).build());
  }

  private List<ToolInfo> tools(ListToolsRequest first) {
    List<ToolInfo> all = new ArrayList<>();
    ListToolsRequest request = first;
    ListToolsResponse page;
    do {
      page = rpc.call(ToolServiceGrpc.getListToolsMethod(), request, Rpc.Repeat.SAFE);
      page.getToolsList().forEach(tool -> all.add(new ToolInfo(tool)));
      request = request.toBuilder().setPageToken(page.getNextPageToken()).build();
    } while (!page.getNextPageToken().isEmpty());
    return all;
  }

  /** The tool of the catalogue with this name, and its version: the server asks its program. */
  public ToolInfo tool(String name) {
    GetToolRequest request = GetToolRequest.newBuilder().setName(name).build();
    return new ToolInfo(
        rpc.call(ToolServiceGrpc.getGetToolMethod(), request, Rpc.Repeat.SAFE).getTool());
  }

  /**
   * A tool's own help: the server asks its program. Fails with reason {@code NO_HELP} when the
   * catalogue does not say how.
   */
  public ToolHelp toolHelp(String name) {
    GetToolHelpRequest request = GetToolHelpRequest.newBuilder().setName(name).build();
    GetToolHelpResponse help =
        rpc.call(ToolServiceGrpc.getGetToolHelpMethod(), request, Rpc.Repeat.SAFE);
    return new ToolHelp(help.getText(), help.getTruncated());
  }

  /** Whom the server takes this client for. */
  public CallerInfo whoAmI() {
    return CallerInfo.of(
        rpc.call(
            AccessServiceGrpc.getWhoAmIMethod(),
            WhoAmIRequest.getDefaultInstance(),
            Rpc.Repeat.SAFE));
  }

  /** How much this client's tenant has of what can be limited, and may have. */
  public List<QuotaInfo> quotas() {
    return rpc
        .call(
            AccessServiceGrpc.getGetQuotasMethod(),
            GetQuotasRequest.getDefaultInstance(),
            Rpc.Repeat.SAFE)
        .getQuotasList()
        .stream()
        .map(QuotaInfo::of)
        .toList();
  }

  /** The gRPC beneath. */
  public GrpcAccess grpc() {
    return new GrpcAccess(rpc.channel());
  }

  /**
   * Ends all attachments and watches, and the connection unless the channel was given by the
   * caller. Sessions go on.
   */
  @Override
  public void close() {
    closed = true;
    open.values().forEach(Runnable::run);
    if (owned != null) {
      owned.shutdownNow();
    }
  }

  Rpc rpc() {
    return rpc;
  }

  private static Thread completionThread(Runnable task) {
    Thread thread = new Thread(task, "cleat-input-applied");
    thread.setDaemon(true);
    return thread;
  }

  /** A daemon thread for each task. */
  Executor threads(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      thread.start();
    };
  }

  /**
   * Attaches; {@code onClose} runs, on the closing thread, when the attachment is closed from this
   * side.
   */
  Attachment attach(
      String sessionId, AttachOptions options, AttachListener listener, Runnable onClose) {
    AttachFeed feed = new AttachFeed(rpc, sessionId, options, listener, completions);
    long heartbeat = Times.nanos(Times.of(options.raw().getHeartbeatInterval()));
    ResumeLoop<?, ?> loop = new ResumeLoop<>(rpc, feed, heartbeat * 5 / 2);
    Attachment attachment =
        new Attachment(
            feed,
            () -> {
              onClose.run();
              loop.stop();
            });
    Executor executor =
        options.executor() == null ? threads("cleat-attach-" + sessionId) : options.executor();
    feed.of(attachment);
    run(loop, attachment::close, executor);
    return attachment;
  }

  /** Runs a loop that is closed with this client. */
  private void run(ResumeLoop<?, ?> loop, Runnable close, Executor executor) {
    open.put(loop, close);
    if (closed) {
      close.run();
    }
    executor.execute(() -> {
      try {
        loop.run();
      } finally {
        open.remove(loop);
      }
    });
  }

  private Session get(GetRequest request) {
    return handle(
        rpc.call(SessionServiceGrpc.getGetMethod(), request, Rpc.Repeat.SAFE).getSession());
  }

  private Session handle(dev.cleat.v1.Session session) {
    return new Session(this, new SessionInfo(session));
  }
}
