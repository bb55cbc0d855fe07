package dev.cleat.server.terminal;

/** Starts processes on pseudo terminals, which pty4j opens. */
public final class PtyTerminals implements TerminalFactory {
  private final TerminalStarter starter;

  /**
   * With {@link Drain#DEFAULT}.
   *
   * @throws IllegalStateException if this machine or this Java cannot do it; the message says why
   */
  public PtyTerminals() {
    this(Drain.DEFAULT);
  }

  /**
   * With a drain of choice.
   *
   * @throws IllegalStateException if this machine or this Java cannot do it; the message says why
   */
  public PtyTerminals(Drain drain) {
    NativeSupport.require();
    this.starter = new TerminalStarter(new PtyLauncher(), drain);
  }

  @Override
  public Terminal start(TerminalSpec spec, TerminalListener listener)
      throws TerminalStartException {
    return starter.start(spec, listener);
  }
}
