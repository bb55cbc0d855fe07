package dev.cleat.server.auth;

/** Whether clients are asked for a certificate. */
public enum ClientAuth {
  /** They are not. */
  NONE,
  /** They are, and need not have one. */
  OPTIONAL,
  /** None gets a connection without one. */
  REQUIRED
}
