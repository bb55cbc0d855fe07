package dev.cleat.server.session;

/**
 * What a Create came to.
 *
 * @param session the session
 * @param isNew whether it was created by this call; otherwise it was there
 */
public record CreatedSession(Session session, boolean isNew) {}
