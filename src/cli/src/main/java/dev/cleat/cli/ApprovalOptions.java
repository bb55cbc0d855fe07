package dev.cleat.cli;

import dev.cleat.client.ApprovalRule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the questions of an agent are decided. */
final class ApprovalOptions {
  @Option(
      names = "--auto-approve",
      paramLabel = "TOOL[:PATTERN]",
      description =
          "Allow what this tool of the agent's does, where the pattern is found in it, without"
              + " asking. May be repeated.")
  private List<String> autoApprove = new ArrayList<>();

  @Option(names = "--auto-approve-all", description = "Allow everything without asking.")
  private boolean all;

  @Option(
      names = "--approval-timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Deny a question that nobody has answered after this long. Default: 5m.")
  private @Nullable Duration timeout;

  List<ApprovalRule> rules() {
    if (all && !autoApprove.isEmpty()) {
      throw CliException.usage("--auto-approve-all leaves nothing for --auto-approve to say");
    }
    return all
        ? List.of(ApprovalRule.everything())
        : autoApprove.stream().map(ApprovalOptions::rule).toList();
  }

  /** Null when it was not said. */
  @Nullable Duration timeout() {
    return timeout;
  }

  private static ApprovalRule rule(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? ApprovalRule.tool(text)
        : new ApprovalRule(text.substring(0, colon), text.substring(colon + 1));
  }
}
