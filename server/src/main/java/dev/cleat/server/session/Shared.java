package dev.cleat.server.session;

import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.tool.Catalogue;
import java.time.InstantSource;
import java.util.concurrent.ExecutorService;

/**
 * What all sessions of a server share.
 *
 * @param terminals starts processes on terminals
 * @param pipes starts processes on pipes
 * @param catalogue the tools
 * @param policy what the operator allows
 * @param isolator keeps processes apart
 * @param store the state in SQL
 * @param ledgers what each tenant has
 * @param saver writes what has changed to the store
 * @param changes tells each tenant's watchers what has changed
 * @param settings what the operator decides
 * @param clock the time
 * @param metrics what is measured
 * @param lookers threads that look at files, which may take its time
 */
record Shared(
    TerminalFactory terminals,
    TerminalFactory pipes,
    Catalogue catalogue,
    Policy policy,
    Isolator isolator,
    Store store,
    Ledgers ledgers,
    Saver saver,
    ChangeLogs changes,
    SessionSettings settings,
    InstantSource clock,
    SessionMetrics metrics,
    ExecutorService lookers) {}
