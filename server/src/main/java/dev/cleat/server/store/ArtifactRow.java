package dev.cleat.server.store;

/**
 * A media file of a session as it is stored.
 *
 * @param id its id, unique in its session
 * @param sessionId its session's id
 * @param number that of the event that first found it
 * @param data opaque; the array is not copied and must not be changed
 */
@SuppressWarnings("ArrayRecordComponent") // A carrier between caller and database; never compared.
public record ArtifactRow(String id, String sessionId, long number, byte[] data) {}
