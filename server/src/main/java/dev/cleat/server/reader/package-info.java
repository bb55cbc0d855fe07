/**
 * Readers of a session's output: what can be learned from the bytes a program printed.
 *
 * <p>They get bytes and give values; they know the journal, and nothing of sessions, terminals or
 * clients. Read {@link dev.cleat.server.reader.MarkParser} first, and {@link
 * dev.cleat.server.reader.TerminalScreen} for what all of it together shows.
 */
@NullMarked
package dev.cleat.server.reader;

import org.jspecify.annotations.NullMarked;
