package dev.cleat.server.store;

/** The disk is full. Once there is room again, the store goes on by itself. */
public final class StoreFullException extends StoreException {
  StoreFullException(String message, Throwable cause) {
    super(message, cause);
  }

  StoreFullException(String message) {
    super(message);
  }
}
