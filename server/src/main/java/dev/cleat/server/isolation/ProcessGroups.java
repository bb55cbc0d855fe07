package dev.cleat.server.isolation;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Process groups, of which the JDK knows nothing. Thread-safe. */
@SuppressWarnings("restricted") // The one place of this package that leaves the JVM.
final class ProcessGroups {
  private static final int KILL = 9;
  private static final Path PROCESSES = Path.of("/proc");

  // Behind the name, which may have any bytes: state, parent, group, session; see proc_pid_stat(5).
  private static final int GROUP = 2;
  private static final int SESSION = 3;

  private static final MethodHandle SIGNAL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private ProcessGroups() {}

  /**
   * Kills the group that a process is in, or was when it ended, with one signal: the kernel lets no
   * process fork that is about to get one, so that not even those are missed which live for less
   * than a look at them takes. Not where the group is of this process's own session: others may be
   * in it.
   *
   * @throws IOException if the process is gone
   */
  static void killThatOf(long pid) throws IOException {
    final String[] words = stat(String.valueOf(pid));
    final int group = Integer.parseInt(words[GROUP]);
    // 0 and 1 would mean others.
    if (group > 1 && !words[SESSION].equals(stat("self")[SESSION])) {
      signal(-group);
    }
  }

  private static String[] stat(String process) throws IOException {
    final String stat =
        Files.readString(PROCESSES.resolve(process + "/stat"), StandardCharsets.ISO_8859_1);
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
  }

  private static void signal(int target) {
    try {
      // It fails where they are gone, which is as well.
      final int _ = (int) SIGNAL.invokeExact(target, KILL);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
