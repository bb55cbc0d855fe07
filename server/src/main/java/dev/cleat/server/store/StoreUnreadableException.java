package dev.cleat.server.store;

/**
 * The file is there and is not a database that can be read: damaged, cut off, of another program,
 * of a newer version. It is left as it is.
 */
public final class StoreUnreadableException extends StoreException {
  StoreUnreadableException(String message, Throwable cause) {
    super(message, cause);
  }

  StoreUnreadableException(String message) {
    super(message);
  }
}
