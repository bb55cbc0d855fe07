package dev.cleat.e2e.agents;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A model on a port of loopback that says what a test scripted, in the API that each agent speaks:
 * {@code POST /v1/messages}, {@code /v1/responses}, {@code /v1/chat/completions} and {@code
 * /v1beta/models/…:streamGenerateContent}, streamed. Safe for use by any thread.
 *
 * <p>The script answers requests of turns only, see {@link ModelRequest#isOfATurn}. What agents ask
 * beside is answered with something harmless and takes nothing from the script. A request of a turn
 * for which the script has nothing is refused with 400, which no agent tries again.
 */
final class ModelApi implements AutoCloseable {
  /** Long enough for a machine that has much else to do. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final String BESIDE = "Scripted";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closed = new CountDownLatch(1);

  // Guarded by this, which is notified of each new request.
  private final Deque<Function<ModelRequest, Reply>> script = new ArrayDeque<>();
  private final List<ModelRequest> requests = new ArrayList<>();
  private @Nullable Function<ModelRequest, Reply> always;

  private ModelApi(HttpServer server) {
    this.server = server;
  }

  static ModelApi start() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      ModelApi model = new ModelApi(server);
      server.setExecutor(model.threads);
      server.createContext("/", model::handle);
      server.start();
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it is, without {@code /v1}. */
  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Adds to the script: one reply for each request of a turn, in this order. */
  ModelApi reply(Reply... replies) {
    for (Reply reply : replies) {
      reply(request -> reply);
    }
    return this;
  }

  /** Adds a reply to the script that depends on the request. */
  synchronized ModelApi reply(Function<ModelRequest, Reply> reply) {
    script.add(reply);
    return this;
  }

  /** What it answers whenever the script is at its end. */
  synchronized ModelApi otherwise(Function<ModelRequest, Reply> reply) {
    always = reply;
    return this;
  }

  /** All that was asked, also beside the turns. */
  synchronized List<ModelRequest> requests() {
    return List.copyOf(requests);
  }

  /** What was asked in turns. */
  List<ModelRequest> turns() {
    return requests().stream().filter(ModelRequest::isOfATurn).toList();
  }

  /** The last that was asked in a turn. */
  ModelRequest lastTurn() {
    return turns().getLast();
  }

  /** Waits until so many requests of turns have come, and returns the last of them. */
  synchronized ModelRequest awaitTurn(int number) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (turns().size() < number) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("request " + number + " does not come: " + requests);
      }
      wait(left);
    }
    return turns().get(number - 1);
  }

  private void handle(HttpExchange exchange) throws IOException {
    ModelRequest request = received(exchange);
    Function<ModelRequest, Reply> reply;
    synchronized (this) {
      requests.add(request);
      reply = request.isOfATurn() ? next() : ModelApi::beside;
      notifyAll();
    }
    if (request.headers().getOrDefault("upgrade", "").equals("websocket")) {
      // Codex asks its own provider for a WebSocket first; this is the answer after which it does
      // not
      // try again.
      json(exchange, 426, error("the scripted model speaks plain HTTP"));
    } else if (request.method().equals("HEAD")) {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    } else if (request.path().endsWith("/models")) {
      json(exchange, 200, Map.of("object", "list", "data", List.of(), "has_more", false));
    } else if (request.path().endsWith("/count_tokens")) {
      json(exchange, 200, Map.of("input_tokens", 10));
    } else if (request.path().endsWith(":countTokens")) {
      json(exchange, 200, Map.of("totalTokens", 10));
    } else if (request.body().has("model") || request.path().endsWith(ModelRequest.GENERATE)) {
      new Answer(exchange, request).give(reply.apply(request));
    } else {
      json(exchange, 404, error("the scripted model has no " + request.path()));
    }
  }

  /** Call with the lock. */
  private Function<ModelRequest, Reply> next() {
    Function<ModelRequest, Reply> next = script.poll();
    if (next != null) {
      return next;
    }
    return always != null ? always : request -> Reply.error(400, "the script is at its end");
  }

  /** Claude Code wants some titles as JSON. */
  private static Reply beside(ModelRequest request) {
    boolean wantsJson =
        request.body().has("output_config") || request.body().has("response_format");
    return Reply.text(wantsJson ? Json.write(Map.of("title", BESIDE)) : BESIDE);
  }

  private static ModelRequest received(HttpExchange exchange) throws IOException {
    Map<String, String> headers = new HashMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
    JsonNode body =
        Json.read(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    return new ModelRequest(
        exchange.getRequestMethod(), exchange.getRequestURI().getPath(), headers, body);
  }

  private static void json(HttpExchange exchange, int status, Map<String, ?> body)
      throws IOException {
    byte[] bytes = Json.write(body).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  /** Read by all agents: Anthropic's form has a type around it, and OpenAI's has one inside. */
  private static Map<String, ?> error(String message) {
    return Map.of("type", "error", "error", Map.of("type", "scripted_error", "message", message));
  }

  /** Ends what is still waiting to be answered. */
  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  /** One reply to one request, on the request's thread. */
  private final class Answer {
    private final HttpExchange exchange;
    private final ModelRequest request;
    private @Nullable ReplyStream stream;

    Answer(HttpExchange exchange, ModelRequest request) {
      this.exchange = exchange;
      this.request = request;
    }

    private Map<String, ?> error(Reply.Failure failure) {
      return request.isOfGemini()
          ? Map.of(
              "error",
              Map.of(
                  "code", failure.status(), "message", failure.message(), "status", "UNAVAILABLE"))
          : ModelApi.error(failure.message());
    }

    void give(Reply reply) throws IOException {
      try {
        for (Reply.Step step : reply.steps()) {
          if (step instanceof Reply.Failure failure) {
            failure.headers().forEach(exchange.getResponseHeaders()::set);
            json(exchange, failure.status(), error(failure));
            return;
          }
          take(step, reply.usage());
        }
        stream(reply.usage()).finish(reply.usage());
        exchange.close();
      } catch (InterruptedException e) {
        throw new IOException("the model is closed", e);
      }
    }

    private void take(Reply.Step step, Reply.Usage usage) throws IOException, InterruptedException {
      switch (step) {
        case Reply.Text text -> stream(usage).piece(ReplyStream.Block.TEXT, text.piece());
        case Reply.Thought thought ->
            stream(usage).piece(ReplyStream.Block.THOUGHT, thought.piece());
        case Reply.ToolCall call -> stream(usage).toolCall(call);
        case Reply.Hold hold -> hold.latch().await();
        case Reply.Silence silence -> {
          if (closed.await(silence.duration().toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the model is closed");
          }
        }
        case Reply.Cut() -> {
          stream(usage);
          // The server answers this by closing the connection.
          throw new IOException("cut, as the script says");
        }
        case Reply.Failure failure -> throw new AssertionError(failure);
      }
    }

    private ReplyStream stream(Reply.Usage usage) throws IOException {
      if (stream == null) {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        String path = request.path();
        stream =
            switch (path.substring(path.lastIndexOf(request.isOfGemini() ? ':' : '/'))) {
              case ModelRequest.GENERATE -> new GenerateStream(out);
              case "/messages" -> new MessagesStream(out, request.model());
              case "/responses" -> new ResponsesStream(out);
              default -> new ChatStream(out, request.model());
            };
        stream.begin(usage);
      }
      return stream;
    }
  }
}
