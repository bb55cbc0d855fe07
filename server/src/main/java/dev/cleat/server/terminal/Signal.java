package dev.cleat.server.terminal;

import java.util.Optional;

/** The signals of Linux that have a meaning for a terminal's processes. */
public enum Signal {
  /** The terminal has gone. */
  HUP(1),
  /** Interrupt, Ctrl-C. */
  INT(2),
  /** Quit, Ctrl-\. */
  QUIT(3),
  /** Illegal instruction. */
  ILL(4),
  /** Breakpoint. */
  TRAP(5),
  /** Abort. */
  ABRT(6),
  /** Bus error. */
  BUS(7),
  /** Arithmetic error. */
  FPE(8),
  /** End at once; cannot be caught. */
  KILL(9),
  /** The process's own. */
  USR1(10),
  /** Invalid memory reference. */
  SEGV(11),
  /** The process's own. */
  USR2(12),
  /** Wrote to a pipe that nobody reads. */
  PIPE(13),
  /** A timer. */
  ALRM(14),
  /** End, please. */
  TERM(15),
  /** Go on after a stop. */
  CONT(18),
  /** Stop; cannot be caught. */
  STOP(19),
  /** Stop, typed at the terminal: Ctrl-Z. */
  TSTP(20),
  /** A background process read from the terminal. */
  TTIN(21),
  /** A background process wrote to the terminal. */
  TTOU(22),
  /** Processor time limit reached. */
  XCPU(24),
  /** File size limit reached. */
  XFSZ(25),
  /** The window size has changed. */
  WINCH(28),
  /** Bad system call. */
  SYS(31);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /** The signal's number on Linux. */
  public int number() {
    return number;
  }

  /** The signal with this number, or empty if it has no name here. */
  public static Optional<Signal> of(int number) {
    for (final Signal signal : values()) {
      if (signal.number == number) {
        return Optional.of(signal);
      }
    }
    return Optional.empty();
  }
}
