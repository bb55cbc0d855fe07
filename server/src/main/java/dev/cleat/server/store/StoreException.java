package dev.cleat.server.store;

/**
 * The store could not do what it was asked; nothing was changed. Unchecked: few callers can do more
 * than pass it on. Its message is for the operator and may name files of the server.
 */
public sealed class StoreException extends RuntimeException
    permits StoreFullException, StoreUnreadableException, StoreUnwritableException {
  StoreException(String message, Throwable cause) {
    super(message, cause);
  }

  StoreException(String message) {
    super(message);
  }
}
