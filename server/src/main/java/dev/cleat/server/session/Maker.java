package dev.cleat.server.session;

import java.util.function.Consumer;

/**
 * Who makes a session.
 *
 * @param tenant whose it will be
 * @param owner who will own it: the subject of the caller's credential
 * @param change refuses a session of the tenant that the caller may not change
 */
record Maker(String tenant, String owner, Consumer<Session> change) {}
