package dev.cleat.server.terminal;

import static dev.cleat.server.terminal.Implementation.shell;
import static dev.cleat.server.terminal.Implementation.spec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A server of its own that tries its terminals and prints what it saw. See {@link
 * ServerConditionsTest}.
 */
final class Probe {
  private static final String UMLAUTS = "äöü€𝄞";

  private Probe() {}

  /** Arguments: what to try, and the implementation. */
  public static void main(String[] arguments) throws Exception {
    final Implementation implementation = Implementation.valueOf(arguments[1]);
    switch (arguments[0]) {
      case "children" -> children(implementation);
      case "exhaust" -> exhaust(implementation.factory());
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void children(Implementation implementation) throws TerminalStartException {
    final TerminalFactory terminals = implementation.factory();
    if (implementation.isTty()) {
      final Size size = new Size(7, 77);
      print(
          "size",
          run(
              terminals,
              new TerminalSpec(List.of("/bin/stty", "size"), Map.of(), Path.of("/"), size)));
    }
    print("status", run(terminals, spec("/bin/cat", "/proc/self/status")));
    print("encoding", String.valueOf(run(terminals, spec("/bin/echo", UMLAUTS)).equals(UMLAUTS)));
    final Recorder recorder = new Recorder();
    terminals.start(shell("exit 3"), recorder);
    print("exit", recorder.awaitExit().toString());
  }

  private static String run(TerminalFactory terminals, TerminalSpec spec)
      throws TerminalStartException {
    final Recorder recorder = new Recorder();
    terminals.start(spec, recorder);
    recorder.awaitExit();
    return recorder.text().strip();
  }

  private static void exhaust(TerminalFactory terminals) throws TerminalStartException {
    // Without descriptors no class can be loaded from a folder, as tests have them.
    final Recorder first = new Recorder();
    terminals.start(spec("/bin/sleep", "1000"), first).close();
    first.awaitExit();
    final List<Terminal> open = new ArrayList<>();
    final List<Recorder> recorders = new ArrayList<>();
    while (open.size() < 1000) {
      final Recorder recorder = new Recorder();
      try {
        open.add(terminals.start(spec("/bin/sleep", "1000"), recorder));
        recorders.add(recorder);
      } catch (TerminalStartException e) {
        print("refused", e.kind() + ": " + e.getMessage());
        break;
      }
    }
    open.removeLast().close();
    recorders.removeLast().awaitExit();
    print("again", run(terminals, spec("/bin/echo", "works")));
    open.forEach(Terminal::close);
    recorders.forEach(Recorder::awaitExit);
    print("zombies", Processes.zombies().toString());
  }

  private static void print(String what, String value) {
    System.out.println(what + "=" + value);
  }
}
