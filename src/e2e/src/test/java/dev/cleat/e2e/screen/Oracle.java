package dev.cleat.e2e.screen;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;

/** The other terminal, a process: see {@code oracle.js}. For one thread. */
final class Oracle implements Recording.Player, AutoCloseable {
  private static final Path FOLDER =
      Path.of(System.getProperty("cleat.root")).resolve("src/e2e/screen");

  private final Process process;
  private final Writer input;
  private final BufferedReader output;

  private Oracle(Process process) {
    this.process = process;
    this.input = process.outputWriter(UTF_8);
    this.output = process.inputReader(UTF_8);
  }

  static boolean isInstalled() {
    return Files.isDirectory(FOLDER.resolve("node_modules/@xterm/headless"));
  }

  static Oracle start() throws IOException {
    return new Oracle(
        new ProcessBuilder("node", FOLDER.resolve("oracle.js").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** A new terminal in place of the one before. */
  void open(int rows, int columns) throws IOException {
    ask("{\"open\": [%d, %d]}".formatted(rows, columns));
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    byte[] piece = Arrays.copyOfRange(bytes, from, from + count);
    ask("{\"write\": \"%s\"}".formatted(Base64.getEncoder().encodeToString(piece)));
  }

  @Override
  public void resize(int rows, int columns) throws IOException {
    ask("{\"resize\": [%d, %d]}".formatted(rows, columns));
  }

  Look show() throws IOException {
    return Look.of(ask("{\"show\": true}"));
  }

  private JsonObject ask(String command) throws IOException {
    input.write(command + "\n");
    input.flush();
    String answer = output.readLine();
    if (answer == null) {
      throw new IOException("the oracle ended");
    }
    return JsonParser.parseString(answer).getAsJsonObject();
  }

  @Override
  public void close() {
    process.toHandle().destroyForcibly();
    process.onExit().join();
    try {
      output.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
