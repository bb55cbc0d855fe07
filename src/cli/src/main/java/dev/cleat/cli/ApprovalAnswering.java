package dev.cleat.cli;

import dev.cleat.client.Approval;
import dev.cleat.client.ApprovalReply;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code cleat approve} and {@code cleat deny} have in common. */
final class ApprovalAnswering {
  @Mixin private final SessionParameter session = new SessionParameter();

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "ID",
      description = "The question's id. Default: the only one that waits.")
  private String id = "";

  @Option(
      names = "--option",
      paramLabel = "OPTION",
      description = "One of the agent's own answers. Default: the one for this time only.")
  private String option = "";

  @Mixin private final FormatOption format = new FormatOption();

  int answer(Streams streams, ServerOption server, boolean allow) {
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      String asked = id.isEmpty() ? only(found) : id;
      ApprovalReply reply = allow ? ApprovalReply.allow(asked) : ApprovalReply.deny(asked);
      Approval answered = found.resolve(reply.option(option).by(caller()));
      streams.line(
          format.json()
              ? Json.of(answered.raw())
              : "%s %s".formatted(answered.id(), Approvals.decision(answered)));
      return ExitCode.DONE;
    }
  }

  /** What the journal calls who answers here. */
  static String caller() {
    return System.getProperty("user.name", "");
  }

  private String only(Session found) {
    List<Approval> waiting = found.approvals();
    if (waiting.isEmpty()) {
      throw CliException.failed("no question of %s waits for an answer".formatted(session.text()));
    }
    if (waiting.size() > 1) {
      throw CliException.failed(
          "%d questions of %s wait; say which: cleat approvals %s lists them"
              .formatted(waiting.size(), session.text(), session.text()));
    }
    return waiting.getFirst().id();
  }
}
