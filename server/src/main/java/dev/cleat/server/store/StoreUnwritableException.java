package dev.cleat.server.store;

/** The file, or the folder it is in, may not be written. */
public final class StoreUnwritableException extends StoreException {
  StoreUnwritableException(String message, Throwable cause) {
    super(message, cause);
  }

  StoreUnwritableException(String message) {
    super(message);
  }
}
