package dev.cleat.client;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How a process or a command ended: by itself with a code, or by a signal.
 *
 * @param code the exit code, 0 to 255; empty when a signal ended it
 * @param signal the signal's name, such as {@code SIGKILL}; empty when it ended by itself
 */
public record Exit(OptionalInt code, Optional<String> signal) {
  private static final List<String> LINUX_SIGNALS =
      List.of(
          "SIGHUP",
          "SIGINT",
          "SIGQUIT",
          "SIGILL",
          "SIGTRAP",
          "SIGABRT",
          "SIGBUS",
          "SIGFPE",
          "SIGKILL",
          "SIGUSR1",
          "SIGSEGV",
          "SIGUSR2",
          "SIGPIPE",
          "SIGALRM",
          "SIGTERM",
          "SIGSTKFLT",
          "SIGCHLD",
          "SIGCONT",
          "SIGSTOP",
          "SIGTSTP",
          "SIGTTIN",
          "SIGTTOU",
          "SIGURG",
          "SIGXCPU",
          "SIGXFSZ",
          "SIGVTALRM",
          "SIGPROF",
          "SIGWINCH",
          "SIGIO",
          "SIGPWR",
          "SIGSYS");

  static @Nullable Exit of(dev.cleat.v1.Exit exit) {
    return switch (exit.getHowCase()) {
      case CODE -> new Exit(OptionalInt.of(exit.getCode()), Optional.empty());
      case SIGNAL -> new Exit(OptionalInt.empty(), Optional.of(exit.getSignal()));
      case HOW_NOT_SET -> null;
    };
  }

  /**
   * One number, as a shell tells it: the code, or 128 plus the signal's number on Linux; 255 for a
   * signal without a known number.
   */
  public int status() {
    int number = signal.map(LINUX_SIGNALS::indexOf).orElse(-1) + 1;
    return code.orElse(number > 0 ? 128 + number : 255);
  }

  /** True for exit code 0. */
  public boolean success() {
    return code.isPresent() && code.getAsInt() == 0;
  }
}
