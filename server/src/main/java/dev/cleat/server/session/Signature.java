package dev.cleat.server.session;

/**
 * Who says something, for the journal.
 *
 * @param by the subject of the caller's credential, or what a caller without one called itself
 * @param onBehalfOf what a caller with a credential called itself beside that; may be empty
 */
public record Signature(String by, String onBehalfOf) {}
