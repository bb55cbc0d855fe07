package dev.cleat.server.journal;

/**
 * How far a journal goes. One object, so that a reader gets the number and the place that belong
 * together with one volatile read.
 *
 * @param head the newest event's number, 0 when there is none yet
 * @param segment the segment being appended to
 * @param end where its records end, in bytes from the beginning of its file
 */
record Tip(long head, Segment segment, long end) {}
