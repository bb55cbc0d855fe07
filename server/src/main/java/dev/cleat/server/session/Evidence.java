package dev.cleat.server.session;

import java.time.Instant;

/**
 * A place in a session's output.
 *
 * @param offset the offset of a byte
 * @param seq the event that shows it
 * @param time when that event was appended
 */
record Evidence(long offset, long seq, Instant time) {}
