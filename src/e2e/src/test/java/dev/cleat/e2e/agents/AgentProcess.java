package dev.cleat.e2e.agents;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An agent that runs: what it is told, and what it says line by line. For one thread. */
final class AgentProcess implements AutoCloseable {
  /** Long enough for a machine that has much else to do. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Process process;
  private final OutputStream input;
  private final BlockingQueue<Optional<String>> out = new LinkedBlockingQueue<>();
  private final List<String> err = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> outEnd;
  private final CompletableFuture<Void> errEnd;

  private AgentProcess(Process process) {
    this.process = process;
    this.input = process.getOutputStream();
    this.outEnd =
        read(process.inputReader(StandardCharsets.UTF_8), line -> out.add(Optional.of(line)))
            .whenComplete((nothing, failure) -> out.add(Optional.empty()));
    this.errEnd = read(process.errorReader(StandardCharsets.UTF_8), err::add);
  }

  static AgentProcess start(ProcessBuilder command) throws IOException {
    return new AgentProcess(command.start());
  }

  private interface Line {
    void take(String line);
  }

  private static CompletableFuture<Void> read(BufferedReader reader, Line line) {
    return CompletableFuture.runAsync(
        () -> reader.lines().forEach(line::take), task -> Thread.ofVirtual().start(task));
  }

  /** Writes a line to its standard input. */
  void say(String line) throws IOException {
    input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** Ends its standard input. */
  void endInput() throws IOException {
    input.close();
  }

  /** The next line of its standard output, as soon as that is there; empty at the end. */
  Optional<String> nextLine() throws InterruptedException {
    Optional<String> line = out.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    if (line == null) {
      throw new AssertionError("it says nothing; its errors: " + errors());
    }
    if (line.isEmpty()) {
      out.add(line);
    }
    return line;
  }

  /** All lines to the end of its standard output that are JSON objects. */
  List<JsonNode> restAsJson() throws InterruptedException {
    List<JsonNode> objects = new ArrayList<>();
    for (Optional<String> line = nextLine(); line.isPresent(); line = nextLine()) {
      if (line.get().startsWith("{")) {
        objects.add(Json.read(line.get()));
      }
    }
    return objects;
  }

  /** What it has written to standard error. */
  String errors() {
    return String.join("\n", err);
  }

  /** Waits for the end, and for all of its errors. */
  int awaitEnd() throws Exception {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end; its errors: " + errors());
    }
    errEnd.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return process.exitValue();
  }

  /** Kills it and all that it started, and waits for their end. */
  @Override
  public void close() {
    List<ProcessHandle> all =
        Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(handle -> handle.onExit().join());
    outEnd.join();
    errEnd.join();
    try {
      input.close();
    } catch (IOException e) {
      // The pipe has no reader any more.
      if (process.isAlive()) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
