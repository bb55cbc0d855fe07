package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.OptionalInt;

/**
 * The system calls of Linux that terminals need, as glibc offers them on 64-bit x86 and ARM. Each
 * answers what the call answers, or the negative error number. Thread-safe; only {@link #poll}
 * blocks.
 */
@SuppressWarnings("restricted") // The linker is what this class is for.
final class Libc {
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ECHILD = 10;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int ENOEXEC = 8;
  static final int ENOENT = 2;
  static final int ENOTDIR = 20;
  static final int ENFILE = 23;
  static final int EMFILE = 24;
  static final int ENOSPC = 28;
  static final int EPIPE = 32;

  static final int O_RDWR = 2;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;
  static final int O_PATH = 0x200000;
  static final int O_DIRECTORY = System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000;

  static final short POLLIN = 1;
  static final short POLLOUT = 4;

  static final int F_SETFD = 2;
  static final int F_SETFL = 4;
  static final int FD_CLOEXEC = 1;

  static final long TCGETS = 0x5401;
  static final long TCSETS = 0x5402;
  static final long TIOCGPGRP = 0x540F;
  static final long TIOCSWINSZ = 0x5414;
  static final long TIOCSIG = 0x40045436;

  private static final int AT_FDCWD = -100;
  private static final int AT_EACCESS = 0x200;
  private static final int X_OK = 1;
  private static final int WNOHANG = 1;
  private static final long SYS_PIDFD_OPEN = 434;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final long ERRNO = CAPTURED.byteOffset(PathElement.groupElement("errno"));

  private static final MethodHandle READ =
      call("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      call("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle POLL =
      call("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
  private static final MethodHandle CLOSE =
      call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle OPEN =
      variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle FACCESSAT =
      call("faccessat", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle FCNTL =
      variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle IOCTL =
      variadic("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle PIPE2 =
      call("pipe2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle EVENTFD =
      call("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle KILL =
      call("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle WAITPID =
      call("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle GETSID =
      call("getsid", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle GETPGID =
      call("getpgid", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle LSEEK =
      call("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
  private static final MethodHandle GETDENTS =
      call("getdents64", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle SYSCALL =
      variadic("syscall", 1, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));

  private Libc() {}

  /** A handle that takes the place for the error number first; see {@link #errno}. */
  static MethodHandle call(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(address(name), type, Linker.Option.captureCallState("errno"));
  }

  static MethodHandle variadic(String name, int fixed, FunctionDescriptor type) {
    return LINKER.downcallHandle(
        address(name),
        type,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }

  /** Where a function of the C library is. */
  static MemorySegment address(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  /** A place for a call's error number. Never share it between threads at a time. */
  static MemorySegment errno(Arena arena) {
    return arena.allocate(CAPTURED);
  }

  /** What a call answers: its result, or the negative error number. */
  static int answer(MemorySegment errno, long result) {
    return result >= 0 ? (int) result : -errno.get(JAVA_INT, ERRNO);
  }

  static int read(MemorySegment errno, int fd, MemorySegment into, long count) {
    try {
      return answer(errno, (long) READ.invokeExact(errno, fd, into, count));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int write(MemorySegment errno, int fd, MemorySegment from, long count) {
    try {
      return answer(errno, (long) WRITE.invokeExact(errno, fd, from, count));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int poll(MemorySegment errno, MemorySegment fds, long count, int timeoutMillis) {
    try {
      return answer(errno, (int) POLL.invokeExact(errno, fds, count, timeoutMillis));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) CLOSE.invokeExact(errno, fd));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) OPEN.invokeExact(errno, arena.allocateFrom(path), flags, 0));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether the effective user may execute a file, or enter a folder: 0 or the negative error. */
  static int mayExecute(String path) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      final MemorySegment name = arena.allocateFrom(path);
      return answer(errno, (int) FACCESSAT.invokeExact(errno, AT_FDCWD, name, X_OK, AT_EACCESS));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int fcntl(int fd, int command, int argument) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) FCNTL.invokeExact(errno, fd, command, argument));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int ioctl(int fd, long request, MemorySegment argument) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) IOCTL.invokeExact(errno, fd, request, argument));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The terminal's foreground process group, or the negative error. */
  static int foregroundGroup(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment group = arena.allocate(JAVA_INT);
      final int answer = ioctl(fd, TIOCGPGRP, group);
      return answer < 0 ? answer : group.get(JAVA_INT, 0);
    }
  }

  /**
   * Opens a pipe that is closed on exec, and puts its reading and its writing end into the array.
   */
  static int pipe(int[] ends) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      final MemorySegment fds = arena.allocate(JAVA_INT, 2);
      final int answer = answer(errno, (int) PIPE2.invokeExact(errno, fds, O_CLOEXEC));
      ends[0] = fds.getAtIndex(JAVA_INT, 0);
      ends[1] = fds.getAtIndex(JAVA_INT, 1);
      return answer;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int eventfd() {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) EVENTFD.invokeExact(errno, 0, O_CLOEXEC | O_NONBLOCK));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  static int kill(int pid, int signal) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) KILL.invokeExact(errno, pid, signal));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The session of a process. */
  static int getsid(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) GETSID.invokeExact(errno, pid));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The process group of a process. */
  static int getpgid(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (int) GETPGID.invokeExact(errno, pid));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Goes back to the beginning of an open folder. */
  static void rewind(int folder) {
    try (Arena arena = Arena.ofConfined()) {
      long _ = (long) LSEEK.invokeExact(errno(arena), folder, 0L, 0);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The next entries of an open folder, as many as fit: the bytes they take, 0 after the last. */
  static int getdents(int folder, MemorySegment entries) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (long) GETDENTS.invokeExact(errno, folder, entries, entries.byteSize()));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** A descriptor that becomes readable when the process has ended. */
  static int pidfd(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      return answer(errno, (long) SYSCALL.invokeExact(errno, SYS_PIDFD_OPEN, pid, 0));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reaps a child without waiting.
   *
   * @return its wait status, or empty if there is none to be had: it runs, or it is not ours, or
   *     someone else has reaped it
   */
  static OptionalInt reap(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment errno = errno(arena);
      final MemorySegment status = arena.allocate(JAVA_INT);
      final int answer;
      answer = answer(errno, (int) WAITPID.invokeExact(errno, pid, status, WNOHANG));
      return answer == pid ? OptionalInt.of(status.get(JAVA_INT, 0)) : OptionalInt.empty();
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
