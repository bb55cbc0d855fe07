package dev.cleat.server.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A credential that is valid.
 *
 * @param caller whose it is
 * @param expires when it is not any more; null if it does not expire by itself
 */
public record Credential(Caller caller, @Nullable Instant expires) {}
