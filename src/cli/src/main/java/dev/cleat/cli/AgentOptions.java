package dev.cleat.cli;

import dev.cleat.client.ApprovalRule;
import dev.cleat.client.NewSession;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RevivePolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a new session with an agent may be told. */
final class AgentOptions {
  /** Neither a tool nor a pattern. */
  private static final String EVERYTHING = ":";

  /** The ways of prompting, in lower case on the command line. */
  enum Way {
    ACP,
    HEADLESS,
    TERMINAL;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What becomes of a session after its server went down, as words of the command line. */
  enum Revive {
    NEVER,
    ON_PROMPT,
    AT_ONCE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Option(
      names = "--way",
      paramLabel = "WAY",
      description =
          "How the tool takes prompts: ${COMPLETION-CANDIDATES}. Default: the best that it has.")
  private @Nullable Way way;

  @Option(
      names = "--resume-token",
      paramLabel = "TOKEN",
      description = "The agent's own session to go on with; cleat info shows it.")
  private String resumeToken = "";

  @Option(
      names = "--revive",
      paramLabel = "WHEN",
      description =
          "When to start it again after its server went down: ${COMPLETION-CANDIDATES}. Default:"
              + " never.")
  private @Nullable Revive revive;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "The address of the model's API, for tools that can be told.")
  private String endpoint = "";

  @Option(
      names = "--auto-approve",
      arity = "0..1",
      fallbackValue = EVERYTHING,
      paramLabel = "TOOL[:PATTERN]",
      description =
          "Allow what this tool of the agent's does, where the pattern is found in it, without"
              + " asking; without a value, everything. May be repeated.")
  private List<String> autoApprove = new ArrayList<>();

  @Option(
      names = "--approval-timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Deny a question that nobody has answered after this long. Default: 5m.")
  private @Nullable Duration approvalTimeout;

  void apply(NewSession wanted) {
    if (way != null) {
      wanted.way(PromptWay.valueOf(way.name()));
    }
    if (revive != null) {
      wanted.revive(RevivePolicy.valueOf(revive.name()));
    }
    wanted.resumeToken(resumeToken).endpoint(endpoint);
    List<ApprovalRule> rules = autoApprove.stream().map(AgentOptions::rule).toList();
    if (approvalTimeout != null) {
      wanted.approvals(rules, approvalTimeout);
    } else if (!rules.isEmpty()) {
      wanted.approvals(rules);
    }
  }

  private static ApprovalRule rule(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? ApprovalRule.tool(text)
        : new ApprovalRule(text.substring(0, colon), text.substring(colon + 1));
  }
}
