package dev.cleat.cli;

import dev.cleat.client.Approval;
import dev.cleat.client.CleatClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat approvals}. */
@Command(
    name = "approvals",
    description = "List the questions of a session's agent that wait for an answer.")
final class ApprovalsCommand implements Callable<Integer> {
  private static final int QUESTION_CHARACTERS = 100;

  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  ApprovalsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      List<Approval> approvals = session.find(client).approvals();
      if (format.json()) {
        approvals.forEach(approval -> streams.line(Json.of(approval.raw())));
        return ExitCode.DONE;
      }
      Table table = new Table("ID", "TOOL", "DENIED IN", "OPTIONS", "QUESTION");
      for (Approval approval : approvals) {
        table.add(
            approval.id(),
            Show.orDash(Show.plain(approval.tool())),
            left(approval),
            Show.orDash(
                approval.options().stream()
                    .map(Approval.Option::id)
                    .collect(Collectors.joining(","))),
            Show.brief(Show.plain(approval.question()), QUESTION_CHARACTERS));
      }
      table.print(streams);
      return ExitCode.DONE;
    }
  }

  private static String left(Approval approval) {
    Duration left = Duration.between(Instant.now(), approval.deadline());
    return approval.raw().hasDeadline()
        ? Durations.show(left.isNegative() ? Duration.ZERO : left)
        : "-";
  }
}
