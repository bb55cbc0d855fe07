package dev.cleat.server.terminal;

/**
 * Starts processes on pipes: standard output and standard error apart, no terminal. Each has a
 * session of its own all the same, so that stopping it ends all it has started.
 */
public final class PipeTerminals implements TerminalFactory {
  private final TerminalStarter starter;

  /**
   * With {@link Drain#DEFAULT}.
   *
   * @throws IllegalStateException if this machine or this Java cannot do it; the message says why
   */
  public PipeTerminals() {
    this(Drain.DEFAULT);
  }

  /**
   * With a drain of choice.
   *
   * @throws IllegalStateException if this machine or this Java cannot do it; the message says why
   */
  public PipeTerminals(Drain drain) {
    NativeSupport.require();
    this.starter = new TerminalStarter(new PipeLauncher(), drain);
  }

  @Override
  public Terminal start(TerminalSpec spec, TerminalListener listener)
      throws TerminalStartException {
    return starter.start(spec, listener);
  }
}
