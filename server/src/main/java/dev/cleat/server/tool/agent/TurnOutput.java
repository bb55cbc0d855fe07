package dev.cleat.server.tool.agent;

/**
 * Reads what a command that is one turn prints to its standard output. For one turn; not safe for
 * use by several threads.
 */
public interface TurnOutput {

  /** Takes bytes as they come, cut anywhere. */
  void feed(byte[] bytes, int from, int count);

  /**
   * There is no more. Tells what was held back, and what the agent said of the end; its process's
   * exit code is not known here, and counts when this says that it went well.
   */
  Outcome finish();
}
