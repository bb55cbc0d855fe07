package dev.cleat.server.session;

import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.terminal.Exit;
import dev.cleat.server.terminal.Stream;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.v1.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One start of a session's process: it carries what the terminal says to the session, and knows
 * which start it was.
 *
 * <p>The listener's methods are called by the terminal, one at a time; the rest is confined to the
 * session's lock.
 */
final class Run implements TerminalListener {
  private final SessionProcess process;
  private final int number;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private @Nullable Terminal terminal;
  private @Nullable Tracker tracker;
  private @Nullable Noticer noticer;
  private @Nullable AcpDriver agent;
  private String stopReason = "";

  Run(SessionProcess process, int number) {
    this.process = process;
    this.number = number;
  }

  /** Its process runs. */
  void started(Terminal started, Tracker following, Noticer lookingOn) {
    terminal = started;
    tracker = following;
    noticer = lookingOn;
  }

  /** Whether it has come to run: else nothing that its process printed is the session's. */
  boolean hasStarted() {
    return terminal != null;
  }

  /** Its process is an agent that is talked to. */
  void converses(AcpDriver with) {
    agent = with;
  }

  /** The agent printed this. */
  void converse(ByteBuffer data) {
    if (agent != null) {
      agent.printed(data);
    }
  }

  Terminal terminal() {
    return Objects.requireNonNull(terminal);
  }

  Tracker tracker() {
    return Objects.requireNonNull(tracker);
  }

  Noticer noticer() {
    return Objects.requireNonNull(noticer);
  }

  int number() {
    return number;
  }

  /** Done when the exit is in the journal. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Why it was told to stop; empty when it was not, or for no particular reason. */
  String stopReason() {
    return stopReason;
  }

  void stopping(String reason) {
    stopReason = reason;
  }

  @Override
  public void begins() {
    LogFields.session(process.key().tenant(), process.key().id());
  }

  @Override
  public void output(Stream stream, ByteBuffer data) {
    if (stream == Stream.STDERR && agent != null) {
      agent.complained(data.duplicate());
    }
    process.printed(
        this,
        switch (stream) {
          case TERMINAL -> OutputStream.OUTPUT_STREAM_TERMINAL;
          case STDOUT -> OutputStream.OUTPUT_STREAM_STDOUT;
          case STDERR -> OutputStream.OUTPUT_STREAM_STDERR;
        },
        data);
  }

  @Override
  public void dropped(int bytes) {
    process.lost(bytes);
  }

  @Override
  public void exited(Exit exit) {
    process.exited(this, contract(exit));
  }

  /** An exit in the contract's words; null when it is not known. */
  static dev.cleat.v1.@Nullable Exit contract(Exit exit) {
    return switch (exit) {
      case Exit.Code(int code) -> dev.cleat.v1.Exit.newBuilder().setCode(code).build();
      case Exit.Signalled(int signal, boolean _) ->
          dev.cleat.v1.Exit.newBuilder().setSignal(signalName(signal)).build();
      case Exit.Unknown() -> null;
    };
  }

  private static String signalName(int number) {
    return dev.cleat.server.terminal.Signal.of(number)
        .map(signal -> "SIG" + signal.name())
        .orElse("SIG" + number);
  }
}
