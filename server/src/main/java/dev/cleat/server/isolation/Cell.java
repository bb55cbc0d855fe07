package dev.cleat.server.isolation;

/** What holds the processes of one start together. Thread-safe. */
public interface Cell extends AutoCloseable {
  /** Nothing does. */
  Cell NONE = () -> {};

  /** Ends whatever of it still lives, and removes it. Closing it again does nothing. */
  @Override
  void close();
}
