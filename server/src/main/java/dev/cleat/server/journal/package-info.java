/**
 * The append-only journal of a session on disk: numbered events, cursors that read them, retention,
 * epochs and recovery. It knows neither sessions nor gRPC; of an event it knows only that its bytes
 * begin with field 1, its number, as a varint. Read {@link dev.cleat.server.journal.Journal} first,
 * then {@link dev.cleat.server.journal.Cursor}; {@link dev.cleat.server.journal.JournalRoot} is the
 * way in.
 */
@NullMarked
package dev.cleat.server.journal;

import org.jspecify.annotations.NullMarked;
