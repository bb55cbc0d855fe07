/**
 * The agents that people use, run for real with a scripted model behind them and nothing but
 * loopback around them. {@link dev.cleat.e2e.agents.ModelApi} is that model, {@link
 * dev.cleat.e2e.agents.AgentHome} the home folder that leads an agent to it, and {@link
 * dev.cleat.e2e.agents.AgentsInstalled} skips what cannot be run here. Read ModelApi first.
 */
@NullMarked
package dev.cleat.e2e.agents;

import org.jspecify.annotations.NullMarked;
