/**
 * Processes on terminals and on pipes: bytes in, bytes out, an exit. This package knows no session,
 * no journal and no RPC, and nothing outside it knows which implementation runs. Read {@link
 * dev.cleat.server.terminal.Terminal} first, then {@link
 * dev.cleat.server.terminal.TerminalListener}.
 */
@NullMarked
package dev.cleat.server.terminal;

import org.jspecify.annotations.NullMarked;
