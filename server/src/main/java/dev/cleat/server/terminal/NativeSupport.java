package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Set;

/** Whether this machine and this Java can run terminals, and what to put right before. */
final class NativeSupport {
  private static final Set<String> ARCHITECTURES = Set.of("amd64", "aarch64");

  private NativeSupport() {}

  /**
   * Checks once more, and puts right what processes would inherit.
   *
   * @throws IllegalStateException if terminals cannot run here; the message says why
   */
  static void require() {
    checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"));
    try {
      Dispositions.putRight();
      final int own = Libc.pidfd((int) ProcessHandle.current().pid());
      if (own < 0) {
        throw new IllegalStateException("terminals need Linux 5.3 or later (pidfd_open)");
      }
      Libc.close(own);
      ProcessTable.ofMachine();
    } catch (IllegalCallerException | ExceptionInInitializerError | NoClassDefFoundError e) {
      throw new IllegalStateException(
          "terminals need the C library: glibc 2.34 or later, and Java started with"
              + " --enable-native-access=ALL-UNNAMED",
          e);
    }
  }

  /** Checks what Java says about the machine. */
  static void checkPlatform(String system, String architecture) {
    if (!system.equals("Linux") || !ARCHITECTURES.contains(architecture)) {
      throw new IllegalStateException(
          "terminals need Linux on amd64 or aarch64, this is " + system + " on " + architecture);
    }
  }

  /**
   * The server's own signal dispositions, as far as a child made by fork and exec inherits them.
   */
  private static final class Dispositions {
    private static final int LAST_STANDARD_SIGNAL = 31;
    private static final int SIGCHLD = 17;
    // struct sigaction of glibc: the handler, a mask of 128 bytes, flags, a restorer.
    private static final long BYTES = 152;
    private static final long FLAGS = 136;
    private static final int RESTART = 0x10000000;
    private static final int NO_CHILD_WAIT = 2;
    private static final long DEFAULT = 0;
    private static final long IGNORE = 1;
    private static final MethodHandle SIGACTION =
        Libc.call("sigaction", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    /**
     * A signal that the server ignores, as under nohup, would be ignored by every child. One that
     * it handles is back to its default in the child: so it is handled, by a function that does
     * nothing. Where the end of children is ignored, nobody could learn their exit status.
     */
    static void putRight() {
      try (Arena arena = Arena.ofConfined()) {
        final MemorySegment errno = Libc.errno(arena);
        final MemorySegment now = arena.allocate(BYTES, Long.BYTES);
        for (int signal = 1; signal <= LAST_STANDARD_SIGNAL; signal++) {
          int _ = (int) SIGACTION.invokeExact(errno, signal, MemorySegment.NULL, now);
          final long handler = now.get(JAVA_LONG, 0);
          final int flags = now.get(JAVA_INT, FLAGS);
          if (signal == SIGCHLD && (handler == IGNORE || (flags & NO_CHILD_WAIT) != 0)) {
            set(errno, signal, now.fill((byte) 0), DEFAULT, 0);
          } else if (handler == IGNORE) {
            set(errno, signal, now.fill((byte) 0), Libc.address("abs").address(), RESTART);
          }
        }
      } catch (Error | RuntimeException e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    private static void set(
        MemorySegment errno, int signal, MemorySegment action, long handler, int flags)
        throws Throwable {
      action.set(JAVA_LONG, 0, handler);
      action.set(JAVA_INT, FLAGS, flags);
      int _ = (int) SIGACTION.invokeExact(errno, signal, action, MemorySegment.NULL);
    }
  }
}
