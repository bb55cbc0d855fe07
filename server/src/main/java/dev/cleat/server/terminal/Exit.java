package dev.cleat.server.terminal;

/** How a process ended. */
public sealed interface Exit {

  /**
   * It ended by itself.
   *
   * @param code its exit code, 0 to 255
   */
  record Code(int code) implements Exit {}

  /**
   * A signal ended it. This is never folded into an exit code: {@code exit 137} is a {@link Code}.
   *
   * @param number the signal's number, see {@link Signal#of}
   * @param coreDumped whether a core dump was written
   */
  record Signalled(int number, boolean coreDumped) implements Exit {}

  /** It has ended, but something else in this server took its status. */
  record Unknown() implements Exit {}
}
