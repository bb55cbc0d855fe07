package dev.cleat.server.terminal;

import java.util.OptionalInt;

/** How wait(2) says that a process has ended. */
final class WaitStatus {
  private static final int SIGNAL_BITS = 0x7f;
  private static final int CORE_BIT = 0x80;
  private static final int CODE_BITS = 0xff;

  private WaitStatus() {}

  /** The exit that a status stands for; no status, an unknown one. */
  static Exit exit(OptionalInt status) {
    if (status.isEmpty()) {
      return new Exit.Unknown();
    }
    final int bits = status.getAsInt();
    final int signal = bits & SIGNAL_BITS;
    return signal == 0
        ? new Exit.Code((bits >> Byte.SIZE) & CODE_BITS)
        : new Exit.Signalled(signal, (bits & CORE_BIT) != 0);
  }
}
