package dev.cleat.server.terminal;

import java.util.List;

/** Three pipes, by the server's ends. */
final class PipeLine implements Line {
  private final Descriptor stdin;
  private final Descriptor stdout;
  private final Descriptor stderr;

  PipeLine(int stdin, int stdout, int stderr) {
    this.stdin = new Descriptor(stdin);
    this.stdout = new Descriptor(stdout);
    this.stderr = new Descriptor(stderr);
  }

  @Override
  public List<Source> sources() {
    return List.of(
        new Source(Stream.STDOUT, stdout, false), new Source(Stream.STDERR, stderr, false));
  }

  @Override
  public Descriptor input() {
    return stdin;
  }

  @Override
  public void endInput() {
    stdin.close();
  }

  @Override
  public void resize(Size size) {
    // Pipes have no size.
  }

  @Override
  public void interrupt(SessionProcesses processes) {
    processes.signal(processes.leader(), Signal.INT);
  }

  @Override
  public boolean readsLines() {
    return true;
  }

  @Override
  public int foregroundGroup() {
    return 0;
  }

  @Override
  public void close() {
    stdin.close();
    stdout.close();
    stderr.close();
  }
}
