package dev.cleat.server.boot;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cleat.server.telemetry.Exposition;
import dev.cleat.server.telemetry.Meter;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * The port for whoever operates the server: whether it lives, whether it is ready, and its metrics,
 * over HTTP. It shows nothing of any session. Thread-safe.
 */
final class AdminPort implements AutoCloseable {
  private static final int WAITING = 16;
  private static final int SCRAPES = 4;
  private static final String TEXT = "text/plain; charset=utf-8";

  /** Of the JDK's HTTP server, which has no other way to be told; in seconds and bytes. */
  private static final Map<String, String> BOUNDS =
      Map.of(
          "jdk.httpserver.maxConnections", "64",
          "sun.net.httpserver.maxReqTime", "10",
          "sun.net.httpserver.maxRspTime", "30",
          "sun.net.httpserver.maxReqHeaders", "50",
          "sun.net.httpserver.maxReqHeaderSize", "16384",
          "sun.net.httpserver.idleInterval", "30");

  static {
    BOUNDS.forEach((name, value) -> {
      if (System.getProperty(name) == null) {
        System.setProperty(name, value);
      }
    });
  }

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("cleat-admin-", 0).factory());
  private final Semaphore scrapes = new Semaphore(SCRAPES);
  private final Readiness readiness;
  private final Exposition metrics;

  /** What answers a request. */
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private AdminPort(HttpServer server, Readiness readiness, List<Meter> meters) {
    this.server = server;
    this.readiness = readiness;
    this.metrics = new Exposition(meters);
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, this::route));
  }

  static AdminPort open(ListenAddress listen, Readiness readiness, List<Meter> meters)
      throws IOException {
    final AdminPort port =
        new AdminPort(HttpServer.create(listen.resolve(), WAITING), readiness, meters);
    port.server.start();
    return port;
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  private void answer(HttpExchange exchange, Answer answer) throws IOException {
    try (exchange) {
      answer.to(exchange);
    }
  }

  private void route(HttpExchange exchange) throws IOException {
    final String method = exchange.getRequestMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      say(exchange, 405, "only GET");
      return;
    }
    switch (exchange.getRequestURI().getPath()) {
      case "/livez" -> say(exchange, 200, "ok");
      case "/readyz" -> {
        final List<String> problems = readiness.problems();
        say(
            exchange,
            problems.isEmpty() ? 200 : 503,
            problems.isEmpty() ? "ok" : String.join("\n", problems));
      }
      case "/metrics" -> scrape(exchange);
      default -> say(exchange, 404, "there are /livez, /readyz and /metrics");
    }
  }

  private static void say(HttpExchange exchange, int status, String words) throws IOException {
    send(exchange, status, TEXT, (words + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private void scrape(HttpExchange exchange) throws IOException {
    if (!scrapes.tryAcquire()) {
      say(exchange, 503, "others are reading the metrics");
      return;
    }
    try {
      final String accept =
          Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Accept"), "");
      final String type = Exposition.contentType(accept);
      send(exchange, 200, type, metrics.read(type));
    } finally {
      scrapes.release();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    metrics.close();
  }
}
