/**
 * What agents say, read into the events of the contract: the Agent Client Protocol, and the
 * machine-readable output of agents that are run once for each turn.
 *
 * <p>Bytes in, events out. Knows no session, no terminal and no thread: whoever feeds it owns it.
 * Read {@link dev.cleat.server.tool.agent.AgentListener} first.
 */
@NullMarked
package dev.cleat.server.tool.agent;

import org.jspecify.annotations.NullMarked;
