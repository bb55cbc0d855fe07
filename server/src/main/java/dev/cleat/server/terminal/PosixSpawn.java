package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * posix_spawn(3) of glibc 2.34 or later: a child in a session of its own, with default signals,
 * none blocked, in a given folder, and with no descriptor but its standard streams. Thread-safe.
 */
final class PosixSpawn {
  private static final short SETSIGDEF = 0x04;
  private static final short SETSIGMASK = 0x08;
  private static final short SETSID = 0x80;
  // posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128.
  private static final long ATTRIBUTES_BYTES = 512;
  private static final long ACTIONS_BYTES = 256;
  private static final long SIGNALS_BYTES = 128;
  private static final int STANDARD_STREAMS = 3;

  private static final MethodHandle SPAWN =
      Libc.call(
          "posix_spawn",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
  private static final MethodHandle ATTRIBUTES_INIT = of1("posix_spawnattr_init");
  private static final MethodHandle ATTRIBUTES_DESTROY = of1("posix_spawnattr_destroy");
  private static final MethodHandle SET_FLAGS =
      Libc.call("posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
  private static final MethodHandle SET_DEFAULT = of2("posix_spawnattr_setsigdefault");
  private static final MethodHandle SET_MASK = of2("posix_spawnattr_setsigmask");
  private static final MethodHandle ACTIONS_INIT = of1("posix_spawn_file_actions_init");
  private static final MethodHandle ACTIONS_DESTROY = of1("posix_spawn_file_actions_destroy");
  private static final MethodHandle ADD_DUP2 =
      Libc.call(
          "posix_spawn_file_actions_adddup2",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle ADD_OPEN =
      Libc.call(
          "posix_spawn_file_actions_addopen",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle ADD_FCHDIR = ofInt("posix_spawn_file_actions_addfchdir_np");
  private static final MethodHandle ADD_CLOSEFROM =
      ofInt("posix_spawn_file_actions_addclosefrom_np");

  private PosixSpawn() {}

  private static MethodHandle of1(String name) {
    return Libc.call(name, FunctionDescriptor.of(JAVA_INT, ADDRESS));
  }

  private static MethodHandle of2(String name) {
    return Libc.call(name, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  }

  private static MethodHandle ofInt(String name) {
    return Libc.call(name, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  }

  /** Adds what gives the child its standard streams. */
  @FunctionalInterface
  private interface Streams {
    void addTo(MemorySegment actions, Arena arena, MemorySegment errno) throws Throwable;
  }

  /**
   * Starts a program on descriptors.
   *
   * @param workdir a descriptor of the working directory
   * @param standard the descriptors, all above 2, that the child gets as 0, 1 and 2
   * @return the process, or the negative error number
   */
  static int onDescriptors(TerminalSpec spec, int workdir, List<Integer> standard) {
    return spawn(
        spec,
        workdir,
        (actions, _, errno) -> {
          for (int i = 0; i < standard.size(); i++) {
            final int from = standard.get(i);
            ok((int) ADD_DUP2.invokeExact(errno, actions, from, i));
          }
        });
  }

  /**
   * Starts a program on a terminal, which becomes that of its session: the first that the leader of
   * a session opens does.
   *
   * @param workdir a descriptor of the working directory
   * @param terminal the name of the terminal, which nobody has opened yet
   * @return the process, or the negative error number
   */
  static int onTerminal(TerminalSpec spec, int workdir, String terminal) {
    return spawn(
        spec,
        workdir,
        (actions, arena, errno) -> {
          final MemorySegment name = arena.allocateFrom(terminal);
          ok((int) ADD_OPEN.invokeExact(errno, actions, 0, name, Libc.O_RDWR, 0));
          ok((int) ADD_DUP2.invokeExact(errno, actions, 0, 1));
          ok((int) ADD_DUP2.invokeExact(errno, actions, 0, 2));
        });
  }

  private static int spawn(TerminalSpec spec, int workdir, Streams streams) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = Libc.errno(arena);
      final MemorySegment attributes = attributes(arena, errno);
      final MemorySegment actions = actions(arena, errno, workdir, streams);
      final MemorySegment pid = arena.allocate(JAVA_INT);
      final MemorySegment program = arena.allocateFrom(spec.command().getFirst());
      final List<String> environment =
          spec.environment().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
      final MemorySegment argv = strings(arena, spec.command());
      final MemorySegment envp = strings(arena, environment);
      final int error;
      try {
        error = (int) SPAWN.invokeExact(errno, pid, program, actions, attributes, argv, envp);
      } finally {
        int _ = (int) ACTIONS_DESTROY.invokeExact(errno, actions);
        int _ = (int) ATTRIBUTES_DESTROY.invokeExact(errno, attributes);
      }
      return error == 0 ? pid.get(JAVA_INT, 0) : -error;
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MemorySegment attributes(Arena arena, MemorySegment errno) throws Throwable {
    final MemorySegment attributes = arena.allocate(ATTRIBUTES_BYTES, Long.BYTES);
    final MemorySegment none = arena.allocate(SIGNALS_BYTES, Long.BYTES);
    // sigfillset would leave out two signals of glibc's own, and these would then be ignored.
    final MemorySegment all = arena.allocate(SIGNALS_BYTES, Long.BYTES).fill((byte) 0xff);
    ok((int) ATTRIBUTES_INIT.invokeExact(errno, attributes));
    ok((int) SET_DEFAULT.invokeExact(errno, attributes, all));
    ok((int) SET_MASK.invokeExact(errno, attributes, none));
    ok((int) SET_FLAGS.invokeExact(errno, attributes, (short) (SETSIGDEF | SETSIGMASK | SETSID)));
    return attributes;
  }

  private static MemorySegment actions(
      Arena arena, MemorySegment errno, int workdir, Streams streams) throws Throwable {
    final MemorySegment actions = arena.allocate(ACTIONS_BYTES, Long.BYTES);
    ok((int) ACTIONS_INIT.invokeExact(errno, actions));
    streams.addTo(actions, arena, errno);
    ok((int) ADD_FCHDIR.invokeExact(errno, actions, workdir));
    ok((int) ADD_CLOSEFROM.invokeExact(errno, actions, STANDARD_STREAMS));
    return actions;
  }

  private static void ok(int error) {
    if (error != 0) {
      throw new IllegalStateException("preparing a process failed with error " + error);
    }
  }

  /** An array of C strings in UTF-8, with NULL at its end. */
  private static MemorySegment strings(Arena arena, List<String> strings) {
    final MemorySegment array = arena.allocate(ADDRESS, strings.size() + 1L);
    for (int i = 0; i < strings.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(strings.get(i)));
    }
    return array;
  }
}
