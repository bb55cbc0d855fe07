/**
 * The terminal that a person sits at: its modes, its size, its keys, and what is printed on it. It
 * knows nothing of sessions. Read {@link dev.cleat.cli.terminal.LocalTerminal} first.
 */
@NullMarked
package dev.cleat.cli.terminal;

import org.jspecify.annotations.NullMarked;
