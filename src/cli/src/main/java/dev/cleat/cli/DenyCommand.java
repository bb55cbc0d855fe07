package dev.cleat.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat deny}. */
@Command(name = "deny", description = "Refuse what a session's agent asks for.")
final class DenyCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final ApprovalAnswering answering = new ApprovalAnswering();
  @Mixin private final ServerOption server = new ServerOption();

  DenyCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    return answering.answer(streams, server, false);
  }
}
