package dev.cleat.server.terminal;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;

/** What starting has in common, whatever the line. Thread-safe. */
final class TerminalStarter {
  // Of address space, not of memory: only what is touched is taken.
  private static final long STACK_BYTES = 512 * 1024;
  private static final long REAP_STEP_NANOS = 1_000_000;

  private final Launcher launcher;
  private final Drain drain;
  private final BufferPool buffers = new BufferPool();

  TerminalStarter(Launcher launcher, Drain drain) {
    this.launcher = launcher;
    this.drain = drain;
    // A server without a descriptor left cannot load the classes that say so: load them now.
    Objects.requireNonNull(Refusal.noDescriptor(-Libc.EMFILE));
  }

  /** Starts the terminal's thread, which starts the program: a virtual thread must do neither. */
  Terminal start(TerminalSpec spec, TerminalListener listener) throws TerminalStartException {
    final CompletableFuture<Terminal> started = new CompletableFuture<>();
    try {
      Thread.ofPlatform()
          .daemon()
          .name("terminal")
          .stackSize(STACK_BYTES)
          .start(() -> run(spec, listener, started));
    } catch (OutOfMemoryError e) {
      throw new TerminalStartException(
          TerminalStartException.Kind.FAILED, "the server has no thread left", e);
    }
    try {
      return started.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof TerminalStartException refused) {
        throw refused;
      }
      throw e;
    }
  }

  private void run(
      TerminalSpec spec, TerminalListener listener, CompletableFuture<Terminal> started) {
    final TerminalProcess terminal;
    final ReadLoop.Parts parts;
    try {
      final Descriptor wake = new Descriptor(Refusal.checked(Libc.eventfd()));
      try {
        final Launcher.Launched launched = launcher.launch(spec);
        final Descriptor leader = watch(launched);
        OomScore.raise(launched.pid());
        final SessionProcesses processes = new SessionProcesses(launched.pid(), leader);
        parts = new ReadLoop.Parts(launched.line(), leader, wake);
        terminal =
            new TerminalProcess(processes, launched.line(), leader, wake, buffers, spec.meant());
      } catch (TerminalStartException | RuntimeException | Error e) {
        wake.close();
        throw e;
      }
    } catch (TerminalStartException | RuntimeException | Error e) {
      started.completeExceptionally(e);
      return;
    }
    Thread.currentThread().setName("terminal-" + terminal.pid());
    started.complete(terminal);
    ReadLoop.run(terminal, parts, listener, drain, buffers);
  }

  private static Descriptor watch(Launcher.Launched launched) throws TerminalStartException {
    final int pidfd = Libc.pidfd(launched.pid());
    if (pidfd < 0) {
      discard(launched.pid());
      launched.line().close();
    }
    return new Descriptor(Refusal.checked(pidfd));
  }

  /** Kills a child that nobody knows of yet, and reaps it. */
  private static void discard(int pid) {
    final int _ = Libc.kill(pid, Signal.KILL.number());
    while (Libc.reap(pid).isEmpty() && Libc.kill(pid, 0) == 0) {
      LockSupport.parkNanos(REAP_STEP_NANOS);
    }
  }
}
