/**
 * What agents say, read into the events of the contract: the Agent Client Protocol, and the
 * machine-readable output of agents that are run once for each turn.
 *
 * <p>The protocol's own Java SDK does not serve: its types for updates are a closed set, so that
 * what the protocol adds later is an error there and is kept as it came here, and it runs on
 * Reactor, while here whoever reads the process's output reads on.
 *
 * <p>Bytes in, events out. Knows no session, no terminal and no thread: whoever feeds it owns it.
 * Read {@link dev.cleat.server.tool.agent.AgentListener} first.
 */
@NullMarked
package dev.cleat.server.tool.agent;

import org.jspecify.annotations.NullMarked;
