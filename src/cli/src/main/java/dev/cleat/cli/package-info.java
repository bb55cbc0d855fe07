/**
 * The {@code cleat} command: one class per command, and the options and forms of output that they
 * share. It knows the client, and only {@code ServeCommand} knows the server, so that the other
 * commands start without it. Read {@link dev.cleat.cli.Cli} first, then any command; {@code
 * Attaching} is the one with more to it.
 */
@NullMarked
package dev.cleat.cli;

import org.jspecify.annotations.NullMarked;
