/**
 * The server. Its packages, top to bottom; each may use those that its line names and what stands
 * under them, nothing imports upwards, and {@code DependencyDirectionTest} says so:
 *
 * <pre>
 * boot        wiring, configuration, shutdown                                 → everything
 * rpc         one class per gRPC service, interceptors, error details         → session
 * session     sessions, their registry, turns, lifecycle, timeouts            → reader, terminal, tool, journal, store
 * reader      screen, ticks, approvals, artifacts, marks, resume tokens       → journal
 * tool        the catalogue, argv templates, adapters of agents' output       → nothing of ours
 * terminal    pty, pipes, tmux: bytes in, bytes out, exit                     → nothing of ours
 * journal     append, cursor, retention, recovery                             → telemetry
 * store       state in SQL                                                    → nothing of ours
 * telemetry   meters, traces, the audit log: held by those who are measured   → nothing of ours
 * </pre>
 *
 * All of them may use the contract's classes, {@code dev.cleat.v1}.
 */
@NullMarked
package dev.cleat.server;

import org.jspecify.annotations.NullMarked;
