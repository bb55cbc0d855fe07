package dev.cleat.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.cleat.server.reader.TerminalScreen;
import dev.cleat.server.terminal.Exit;
import dev.cleat.server.terminal.PtyTerminals;
import dev.cleat.server.terminal.Size;
import dev.cleat.server.terminal.Stream;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalClosedException;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.server.terminal.TerminalSpec;
import dev.cleat.server.terminal.TerminalStartException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The command as a person runs it: a process of its own on a terminal, started by a shell, which
 * writes down the terminal's modes before and after.
 */
final class OnTerminal implements AutoCloseable, TerminalListener {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The keys that detach, unless others are asked for. */
  static final String DETACH = "\u001c\u001c";

  static final int ROWS = 30;
  static final int COLUMNS = 100;

  private static final String SCRIPT =
      """
      tty > tty
      stty -a > before
      (echo $BASHPID > pid; exec "$@")
      echo $? > code
      stty -a > after
      """;

  private final Path folder;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private final Terminal terminal;

  /** Starts {@code cleat attach} in an empty folder. */
  static OnTerminal attach(Path folder, TestServer server, String session, String... more)
      throws TerminalStartException {
    List<String> command = new ArrayList<>(List.of("attach", session, "--server", server.target()));
    command.addAll(List.of(more));
    return new OnTerminal(folder, command.toArray(String[]::new));
  }

  /** The same, with nothing to read: only what it prints goes to the terminal. */
  static OnTerminal attachWithoutKeyboard(Path folder, TestServer server, String session)
      throws TerminalStartException {
    return new OnTerminal(
        SCRIPT.replace("\"$@\"", "\"$@\" < /dev/null"),
        folder,
        "attach",
        session,
        "--server",
        server.target());
  }

  /** Starts a client command in an empty folder. */
  OnTerminal(Path folder, String... command) throws TerminalStartException {
    this(SCRIPT, folder, command);
  }

  private OnTerminal(String script, Path folder, String... command) throws TerminalStartException {
    this.folder = folder;
    List<String> all = new ArrayList<>(List.of("/bin/bash", "-c", script, "bash"));
    all.addAll(AsProcess.command(command));
    terminal =
        new PtyTerminals()
            .start(
                new TerminalSpec(
                    all,
                    Map.of("PATH", "/usr/local/bin:/usr/bin:/bin", "TERM", "xterm-256color"),
                    folder,
                    new Size(ROWS, COLUMNS)),
                this);
  }

  @Override
  public void output(Stream stream, ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    synchronized (shown) {
      shown.writeBytes(bytes);
    }
  }

  @Override
  public void exited(Exit how) {
    exit.complete(how);
  }

  /** All that has been shown. */
  String shown() {
    synchronized (shown) {
      return shown.toString(StandardCharsets.UTF_8);
    }
  }

  /** What a person sees of it. */
  TerminalScreen seen() {
    TerminalScreen screen = new TerminalScreen(ROWS, COLUMNS);
    synchronized (shown) {
      screen.feed(shown.toByteArray(), 0, shown.size());
    }
    return screen;
  }

  OnTerminal awaitShown(String text) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(shown()).contains(text));
    return this;
  }

  /**
   * Waits until what is typed is shown as output. What is printed before may be shown as part of
   * the picture that an attach begins with, which says where on the screen it is and ends no line.
   */
  void awaitAttached() {
    awaitShown("detach with").awaitShown("\033[2J");
  }

  void type(String keys) throws TerminalClosedException {
    ByteBuffer bytes = ByteBuffer.wrap(keys.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      terminal.write(bytes);
      terminal.awaitWritable(PATIENCE);
    }
  }

  void resize(int rows, int columns) {
    terminal.resize(new Size(rows, columns));
  }

  /** Sends a signal to the command, not to the shell that started it. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, read("pid")).inheritIO().start().waitFor();
  }

  /** The modes of the terminal now, as {@code stty -a} shows them. */
  String modes() throws IOException {
    Process stty = new ProcessBuilder("stty", "-a", "-F", read("tty")).start();
    return new String(stty.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  void awaitModes(String mode) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(modes()).contains(mode));
  }

  /** Waits for the end; returns the exit code of the command. */
  int awaitEnd() {
    assertThat(exit.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join())
        .as(shown())
        .isEqualTo(new Exit.Code(0));
    return Integer.parseInt(read("code"));
  }

  /** Asserts that the terminal has the modes that it had before the command. */
  void assertRestored() {
    assertThat(read("after"))
        .isEqualTo(read("before"))
        .contains(" echo ", " icanon", "\nopost", "\nisig");
  }

  private String read(String file) {
    try {
      return Files.readString(folder.resolve(file)).strip();
    } catch (IOException e) {
      throw new AssertionError(shown(), e);
    }
  }

  @Override
  public void close() {
    terminal.close();
    exit.join();
  }
}
