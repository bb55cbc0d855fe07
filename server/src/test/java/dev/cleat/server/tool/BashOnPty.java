package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.pty4j.PtyProcess;
import com.pty4j.PtyProcessBuilder;
import com.pty4j.WinSize;
import dev.cleat.server.reader.Mark;
import dev.cleat.server.reader.Mark.Kind;
import dev.cleat.server.reader.MarkParser;
import dev.cleat.server.reader.PlainText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * The catalogue's bash on a real terminal, with a home folder of its own.
 *
 * <p>One thread reads the output and its marks; everything it shares is guarded by {@code this}.
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

  private final PtyProcess process;
  private final String aid;
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final List<Mark> marks = new ArrayList<>();
  private final CompletableFuture<Void> readToTheEnd = new CompletableFuture<>();
  private boolean ended;

  private BashOnPty(PtyProcess process, String aid) {
    this.process = process;
    this.aid = aid;
    new Thread(this::read, "bash-on-pty").start();
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
    PtyProcess process =
        new PtyProcessBuilder(launch.argv().toArray(String[]::new))
            .setEnvironment(launch.environment())
            .setDirectory(home.toString())
            .setInitialColumns(100)
            .setInitialRows(30)
            .start();
    return new BashOnPty(process, launch.aid().orElseThrow());
  }

  private void read() {
    MarkParser parser = new MarkParser();
    byte[] buffer = new byte[8192];
    try (InputStream in = process.getInputStream()) {
      for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
        synchronized (this) {
          parser.feed(output.size(), buffer, 0, count, marks::add);
          output.write(buffer, 0, count);
          notifyAll();
        }
      }
    } catch (IOException e) {
      // The terminal is gone, and with it what there was to read.
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
      readToTheEnd.complete(null);
    }
  }

  String aid() {
    return aid;
  }

  long pid() {
    return process.pid();
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
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    int at = from;
    while (true) {
      for (; at < marks.size(); at++) {
        if (wanted.test(marks.get(at))) {
          return at + 1;
        }
      }
      long left = deadline - System.nanoTime();
      if (ended || left <= 0) {
        throw new AssertionError("No " + what + " in " + output.toString(UTF_8));
      }
      wait(left / 1_000_000 + 1);
    }
  }

  /** Waits until this was printed. */
  synchronized void awaitPrinted(String text) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!output.toString(UTF_8).contains(text)) {
      long left = deadline - System.nanoTime();
      if (ended || left <= 0) {
        throw new AssertionError("Not printed: " + text + " in " + output.toString(UTF_8));
      }
      wait(left / 1_000_000 + 1);
    }
  }

  /** Waits for the first prompt. */
  BashOnPty ready() throws InterruptedException {
    awaitMark(Kind.PROMPT_END, 0);
    return this;
  }

  void type(String keys) throws IOException {
    byte[] bytes = keys.getBytes(UTF_8);
    process.getOutputStream().write(bytes, 0, bytes.length);
    process.getOutputStream().flush();
  }

  void resize(int columns, int rows) {
    process.setWinSize(new WinSize(columns, rows));
  }

  /** Waits for bash to end. */
  int awaitExit() throws InterruptedException {
    return process.waitFor();
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

  /** What happens up to the next prompt. */
  Outcome outcome(int from, int serial) throws InterruptedException {
    int to =
        await(
            mark ->
                isOwn(mark, Kind.PROMPT_END) && ((Mark.Shell) mark).serial().orElseThrow() > serial,
            from,
            "prompt after " + serial);
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
    process.destroyForcibly();
    process.onExit().join();
    readToTheEnd.join();
  }
}
