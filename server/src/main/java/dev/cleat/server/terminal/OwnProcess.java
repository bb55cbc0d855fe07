package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/** What this process does about itself. */
public final class OwnProcess {
  private static final int PR_SET_DUMPABLE = 4;

  private static final MethodHandle PRCTL =
      Libc.variadic(
          "prctl",
          1,
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  private OwnProcess() {}

  /**
   * Closes this process to others of the same user: its environment, memory, descriptors and
   * working directory in /proc, tracing, and core dumps. The system still lets root look.
   */
  public static void hide() {
    try (Arena arena = Arena.ofConfined()) {
      // It cannot fail with these arguments.
      final int _ = (int) PRCTL.invokeExact(Libc.errno(arena), PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
