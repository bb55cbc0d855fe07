package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.server.reader.Mark;
import dev.cleat.server.reader.Mark.Kind;
import dev.cleat.server.reader.MarkParser;
import dev.cleat.server.reader.PlainText;
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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * The catalogue's bash on a real terminal, with a home folder of its own.
 *
 * <p>The terminal's thread brings the output; everything it shares is guarded by {@code this}.
 */
final class BashOnPty implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * What came of a prompt.
   *
   * @param marks the shell's own, from the prompt's Enter to the next prompt
   * @param output plain text from the first command's start to the end
   */
  record Outcome(List<Kind> marks, OptionalInt exitCode, String output) {}

  private static final Duration BEFORE_ANOTHER_INTERRUPT = Duration.ofSeconds(10);
  private static final PtyTerminals TERMINALS = new PtyTerminals();

  private final String aid;
  private final Terminal terminal;
  private final MarkParser parser = new MarkParser();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final List<Mark> marks = new ArrayList<>();
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();

  private BashOnPty(TerminalSpec spec, String aid) throws TerminalStartException {
    this.aid = aid;
    this.terminal = TERMINALS.start(spec, new Listener());
  }

  /** What the terminal says. */
  private final class Listener implements TerminalListener {
    @Override
    public void output(Stream stream, ByteBuffer data) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      synchronized (BashOnPty.this) {
        parser.feed(output.size(), bytes, 0, bytes.length, marks::add);
        output.writeBytes(bytes);
        BashOnPty.this.notifyAll();
      }
    }

    @Override
    public void exited(Exit how) {
      exit.complete(how);
      synchronized (BashOnPty.this) {
        BashOnPty.this.notifyAll();
      }
    }
  }

  /** Starts it, with this as its {@code ~/.bashrc}. */
  static BashOnPty start(Path home, String bashrc, String... args) throws Exception {
    Files.writeString(home.resolve(".bashrc"), bashrc);
    ShellInit shells = ShellInit.install(home.resolve("cleat shells"));
    Map<String, String> environment =
        Map.of("HOME", home.toString(), "PATH", "/usr/bin:/bin", "USER", "tester");
    Catalogue catalogue =
        new Catalogue(ToolSource.of(Catalogue.builtInTools()), shells, environment, Os.current());
    Launch launch =
        catalogue.resolve(
            new LaunchRequest("bash", List.of(args), Mode.PTY, Map.of(), home, "session-1"));
    return new BashOnPty(
        new TerminalSpec(launch.argv(), launch.environment(), home, new Size(30, 100)),
        launch.aid().orElseThrow());
  }

  String aid() {
    return aid;
  }

  /** Everything printed so far. */
  synchronized String printed() {
    return output.toString(UTF_8);
  }

  synchronized List<Mark> marks() {
    return List.copyOf(marks);
  }

  synchronized int markCount() {
    return marks.size();
  }

  private boolean isOwn(Mark mark, Kind kind) {
    return mark instanceof Mark.Shell shell && shell.kind() == kind && aid.equals(shell.aid());
  }

  /**
   * Waits for the first own mark of this kind, from the given number of marks on; the index after
   * it.
   */
  int awaitMark(Kind kind, int from) throws InterruptedException {
    return await(mark -> isOwn(mark, kind), from, kind.toString());
  }

  private synchronized int await(Predicate<Mark> wanted, int from, String what)
      throws InterruptedException {
    if (!waitFor(() -> after(wanted, from) >= 0, PATIENCE)) {
      throw new AssertionError("No " + what + " in " + printed());
    }
    return after(wanted, from);
  }

  /** The index after the first such mark from there on, -1 if there is none yet. */
  private synchronized int after(Predicate<Mark> wanted, int from) {
    for (int at = from; at < marks.size(); at++) {
      if (wanted.test(marks.get(at))) {
        return at + 1;
      }
    }
    return -1;
  }

  /** Waits until this was printed. */
  void awaitPrinted(String text) throws InterruptedException {
    if (!waitFor(() -> printed().contains(text), PATIENCE)) {
      throw new AssertionError("Not printed: " + text + " in " + printed());
    }
  }

  private synchronized boolean waitFor(BooleanSupplier condition, Duration patience)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      long left = deadline - System.nanoTime();
      if (exit.isDone() || left <= 0) {
        return false;
      }
      wait(left / 1_000_000 + 1);
    }
    return true;
  }

  /** Waits for the first prompt. */
  BashOnPty ready() throws InterruptedException {
    awaitMark(Kind.PROMPT_END, 0);
    return this;
  }

  void type(String keys) throws TerminalClosedException {
    ByteBuffer bytes = UTF_8.encode(keys);
    while (bytes.hasRemaining()) {
      terminal.write(bytes);
      terminal.awaitWritable(PATIENCE);
    }
  }

  void resize(int columns, int rows) {
    terminal.resize(new Size(rows, columns));
  }

  /** Waits for bash to end. */
  Exit awaitExit() {
    return exit.join();
  }

  /** Sends this as one paste, presses Enter, waits for the next prompt. */
  Outcome prompt(String text) throws Exception {
    int from = markCount();
    int serial = lastSerial();
    type("\033[200~" + text + "\033[201~\r");
    return outcome(from, serial);
  }

  /** The serial of the prompt that is there. */
  synchronized int lastSerial() {
    return marks.reversed().stream()
        .filter(mark -> isOwn(mark, Kind.PROMPT_END))
        .mapToInt(mark -> ((Mark.Shell) mark).serial().orElseThrow())
        .findFirst()
        .orElseThrow();
  }

  private boolean isPromptAfter(int serial, Mark mark) {
    return isOwn(mark, Kind.PROMPT_END) && ((Mark.Shell) mark).serial().orElseThrow() > serial;
  }

  /**
   * Interrupts until there is a prompt. Once is not always enough: an interrupt that reaches bash
   * while it draws a prompt is kept until the next key, one that reaches it before the program it
   * starts has the terminal is lost.
   */
  Outcome interrupt(int from, int serial) throws Exception {
    do {
      type("\003");
    } while (!waitFor(
        () -> after(mark -> isPromptAfter(serial, mark), from) >= 0, BEFORE_ANOTHER_INTERRUPT));
    return outcome(from, serial);
  }

  /** What happens up to the next prompt. */
  Outcome outcome(int from, int serial) throws InterruptedException {
    int to = await(mark -> isPromptAfter(serial, mark), from, "prompt after " + serial);
    synchronized (this) {
      List<Mark.Shell> own =
          marks.subList(from, to).stream()
              .filter(mark -> mark instanceof Mark.Shell shell && aid.equals(shell.aid()))
              .map(Mark.Shell.class::cast)
              // A prompt drawn anew while the paste is shown.
              .filter(mark -> mark.serial().orElse(Integer.MAX_VALUE) > serial)
              .toList();
      List<Mark.Shell> ends = own.stream().filter(mark -> mark.kind() == Kind.COMMAND_END).toList();
      OptionalInt exitCode = ends.isEmpty() ? OptionalInt.empty() : ends.getFirst().exitCode();
      String text =
          own.stream()
              .filter(mark -> mark.kind() == Kind.COMMAND_START)
              .findFirst()
              .map(start ->
                  text(
                      start.end(),
                      ends.isEmpty() ? own.getLast().start() : ends.getFirst().start()))
              .orElse("");
      return new Outcome(own.stream().map(Mark.Shell::kind).toList(), exitCode, text);
    }
  }

  private String text(long from, long to) {
    return new PlainText().feed(output.toByteArray(), (int) from, (int) (to - from));
  }

  @Override
  public void close() {
    terminal.close();
    exit.join();
  }
}
