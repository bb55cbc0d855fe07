package dev.cleat.server.auth;

import java.time.Instant;

/**
 * A ticket as it is given out.
 *
 * @param text what its bearer sends; secret
 * @param expires when it is not valid any more
 */
public record Ticket(String text, Instant expires) {
  /** Without the secret. */
  @Override
  public String toString() {
    return "ticket until " + expires;
  }
}
