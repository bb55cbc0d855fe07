package dev.cleat.server.tool.agent;

import dev.cleat.v1.AgentModes;
import dev.cleat.v1.Approval;

/** Hears what an {@link AcpAgent} says, and how it is with it. It may call the agent back. */
public interface AcpListener extends AgentListener {

  /** The agent's session is there: it can take its first prompt. */
  void ready();

  /**
   * The modes that the agent offers, or the one that it is in, are others than was said before.
   *
   * @param byAgent false when it was told to change, or the session has just begun
   */
  void modes(AgentModes modes, boolean byAgent);

  /**
   * The agent asks before it does something, and waits for {@link AcpAgent#answer}. Session, turn,
   * times and answer are not set.
   */
  void asked(Approval.Builder approval);

  /** The prompt that was under way has ended, and all that belongs to it was said before. */
  void ended(Outcome outcome);

  /** The agent cannot go on, and nothing more is said of it. The message is for a person. */
  void broken(String message);
}
