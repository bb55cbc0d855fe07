package dev.cleat.client;

import java.time.Instant;

/**
 * A token for one session, one role and a short time, to be handed on: {@link
 * CleatClientBuilder#token}.
 *
 * @param token what its bearer sends; secret
 * @param expires when it stops being valid, at the latest
 */
public record Ticket(String token, Instant expires) {
  /** Without the secret. */
  @Override
  public String toString() {
    return "Ticket[expires=" + expires + "]";
  }
}
