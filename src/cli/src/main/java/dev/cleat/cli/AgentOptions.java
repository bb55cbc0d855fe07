package dev.cleat.cli;

import dev.cleat.client.NewSession;
import dev.cleat.client.PromptWay;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new session with an agent may be told. */
final class AgentOptions {
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

  @Mixin private final ApprovalOptions approvals = new ApprovalOptions();

  void apply(NewSession wanted) {
    if (way != null) {
      wanted.way(PromptWay.valueOf(way.name()));
    }
    if (revive != null) {
      wanted.revive(revive.policy());
    }
    wanted.resumeToken(resumeToken).endpoint(endpoint);
    if (approvals.timeout() != null) {
      wanted.approvals(approvals.rules(), approvals.timeout());
    } else if (!approvals.rules().isEmpty()) {
      wanted.approvals(approvals.rules());
    }
  }
}
