package dev.cleat.server.store;

/**
 * Whose active session.
 *
 * @param tenant the tenant
 * @param subject who calls, within the tenant
 * @param caller on whose behalf; may be empty
 */
public record ActiveKey(String tenant, String subject, String caller) {}
