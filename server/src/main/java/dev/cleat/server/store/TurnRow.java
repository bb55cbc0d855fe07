package dev.cleat.server.store;

/**
 * A turn as it is stored.
 *
 * @param id the turn's id, unique in its session
 * @param sessionId its session's id
 * @param number 1 for the session's first turn, then 2, 3 …
 * @param state its state, as the caller numbers them
 * @param ended whether that state is final: what is not ended is never trimmed
 * @param data opaque; the array is not copied and must not be changed
 */
@SuppressWarnings("ArrayRecordComponent") // A carrier between caller and database; never compared.
public record TurnRow(
    String id, String sessionId, long number, int state, boolean ended, byte[] data) {}
