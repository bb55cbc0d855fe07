/**
 * The server's state in SQL: sessions, turns, request ids, active sessions. It knows no session and
 * no protocol: what a row means is in columns where something searches or sorts by it, and in
 * opaque bytes where nothing does. Read {@link dev.cleat.server.store.Store} first; what is
 * particular to SQLite is in {@link dev.cleat.server.store.Sqlite} and nowhere else.
 */
@NullMarked
package dev.cleat.server.store;

import org.jspecify.annotations.NullMarked;
