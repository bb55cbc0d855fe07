package dev.cleat.server.journal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * Linux's syncfs(2), which the JDK does not offer: one call for everything that was written to a
 * file system, where a thousand calls of fsync(2) would not keep up.
 */
final class FileSystemSync {
  private static final int O_RDONLY_DIRECTORY_CLOEXEC = 0x10000 | 0x80000;
  private static final Optional<FileSystemSync> INSTANCE = load();

  private final MethodHandle open;
  private final MethodHandle syncfs;
  private final MethodHandle close;
  private final StructLayout state = Linker.Option.captureStateLayout();
  private final VarHandle errno = state.varHandle(PathElement.groupElement("errno"));

  @SuppressWarnings("restricted") // The one place of this package that leaves the JVM.
  private FileSystemSync(Linker linker, SymbolLookup libc) {
    Linker.Option keepErrno = Linker.Option.captureCallState("errno");
    FunctionDescriptor ofInt = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    open =
        linker.downcallHandle(
            libc.findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            keepErrno,
            Linker.Option.firstVariadicArg(2));
    syncfs = linker.downcallHandle(libc.findOrThrow("syncfs"), ofInt, keepErrno);
    close = linker.downcallHandle(libc.findOrThrow("close"), ofInt);
  }

  private static Optional<FileSystemSync> load() {
    boolean linux = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
    SymbolLookup libc = Linker.nativeLinker().defaultLookup();
    return linux && libc.find("syncfs").isPresent()
        ? Optional.of(new FileSystemSync(Linker.nativeLinker(), libc))
        : Optional.empty();
  }

  /**
   * Syncs the file system of a folder.
   *
   * @return false where there is no such call
   */
  static boolean sync(Path folder) throws IOException {
    if (INSTANCE.isEmpty()) {
      return false;
    }
    INSTANCE.get().call(folder);
    return true;
  }

  private void call(Path folder) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(state);
      MemorySegment name = arena.allocateFrom(folder.toAbsolutePath().toString());
      int descriptor = (int) open.invokeExact(error, name, O_RDONLY_DIRECTORY_CLOEXEC);
      if (descriptor < 0) {
        throw failed("open", folder, error);
      }
      try {
        if ((int) syncfs.invokeExact(error, descriptor) != 0) {
          throw failed("syncfs", folder, error);
        }
      } finally {
        int ignored = (int) close.invokeExact(descriptor);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private IOException failed(String call, Path folder, MemorySegment error) {
    return new IOException(
        "%s of %s failed, errno %d".formatted(call, folder, (int) errno.get(error, 0L)));
  }
}
