package dev.cleat.server.terminal;

import java.util.List;

/** What connects the server with a process: a terminal or pipes. Thread-safe. */
interface Line {

  /**
   * Something to read from.
   *
   * @param mayReturn whether a process may open it again after all have closed it
   */
  record Source(Stream stream, Descriptor descriptor, boolean mayReturn) {}

  /** What to read. */
  List<Source> sources();

  /** Where to write. */
  Descriptor input();

  /** See {@link Terminal#endInput}. */
  void endInput();

  /** See {@link Terminal#resize}. */
  void resize(Size size);

  /** See {@link Terminal#interrupt}. */
  void interrupt(SessionProcesses processes);

  /** The process group that has the terminal, or 0 if that cannot be known. */
  int foregroundGroup();

  /** See {@link Terminal#readsLines}. */
  boolean readsLines();

  /** Closes all descriptors. Idempotent. */
  void close();
}
