package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.v1.AgentMode;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.SessionOrBuilder;
import java.util.List;
import java.util.stream.Collectors;

/** Which mode may be asked for. */
final class Modes {
  private Modes() {}

  /**
   * Refuses a mode where there are none.
   *
   * @param mode empty for the agent's own choice, which may always be asked for
   * @throws Refusal NO_MODES
   */
  static void check(String tool, PromptWay way, String mode) {
    if (!mode.isEmpty() && way != PromptWay.PROMPT_WAY_ACP) {
      final String what =
          "only an agent that takes its prompts by acp has modes, and this tool takes them by "
              + Starter.way(way)
              + "; leave agent_mode empty";
      throw Refusal.of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NO_MODES, what)
          .field("agent_mode", what)
          .with("tool", tool)
          .with("prompt_way", Starter.way(way).toString());
    }
  }

  /**
   * Refuses a mode that the agent of a session is known not to have.
   *
   * @throws Refusal NO_MODES, UNKNOWN_MODE
   */
  static void check(SessionOrBuilder session, String mode) {
    check(session.getTool(), session.getPromptWay(), mode);
    final List<AgentMode> available = session.getAgentModes().getAvailableList();
    // Without any, they are not known yet: the prompt will show whether it has the mode.
    if (!mode.isEmpty()
        && !available.isEmpty()
        && available.stream().noneMatch(one -> one.getId().equals(mode))) {
      final String modes =
          available.stream().map(AgentMode::getId).collect(Collectors.joining(", "));
      final String what = "the agent has no mode '" + mode + "'; set one of: " + modes;
      throw Refusal.of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_UNKNOWN_MODE, what)
          .field("agent_mode", what)
          .with("session_id", session.getId())
          .with("agent_mode", mode)
          .with("modes", modes);
    }
  }
}
