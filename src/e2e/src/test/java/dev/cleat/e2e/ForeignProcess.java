package dev.cleat.e2e;

import com.google.gson.JsonObject;
import com.google.gson.JsonStreamParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Another program as a client: what it is told, and what it says. For one thread. */
final class ForeignProcess implements AutoCloseable {
  private final Process process;
  private final OutputStream input;
  private final BufferedReader out;
  private final JsonStreamParser json;
  private final CompletableFuture<String> err;

  private ForeignProcess(Process process) {
    this.process = process;
    this.input = process.getOutputStream();
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.json = new JsonStreamParser(out);
    BufferedReader errors = process.errorReader(StandardCharsets.UTF_8);
    this.err =
        CompletableFuture.supplyAsync(
            () -> errors.lines().collect(Collectors.joining("\n")),
            task -> Thread.ofVirtual().start(task));
  }

  static ForeignProcess start(String... command) throws IOException {
    return new ForeignProcess(new ProcessBuilder(command).start());
  }

  /** Writes JSON, which may have single quotes, to its standard input. */
  void say(String message) throws IOException {
    input.write((message.replace('\'', '"') + "\n").getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** Ends its standard input. */
  void endInput() throws IOException {
    input.close();
  }

  /** The next JSON object of its standard output, as soon as that is there. */
  JsonObject nextJson() {
    if (!json.hasNext()) {
      throw new AssertionError("it said no more: " + errors());
    }
    return json.next().getAsJsonObject();
  }

  /** The rest of its standard output. */
  String rest() {
    return out.lines().collect(Collectors.joining("\n"));
  }

  /** All of its standard error; waits for the end of that. */
  String errors() {
    return err.join();
  }

  int awaitEnd() throws InterruptedException {
    if (!process.waitFor(Await.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end");
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
    process.onExit().join();
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
