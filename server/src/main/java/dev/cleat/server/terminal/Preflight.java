package dev.cleat.server.terminal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What is checked before a process is made: that its working directory can be entered and its
 * program be executed.
 *
 * @param workdir the working directory, held open: the process goes to this one, whatever happens
 *     to its name meanwhile
 */
record Preflight(Descriptor workdir) implements AutoCloseable {

  /**
   * Checks a specification.
   *
   * @throws TerminalStartException if it cannot be started
   */
  static Preflight check(TerminalSpec spec) throws TerminalStartException {
    checkProgram(spec);
    final int fd =
        Libc.open(spec.workdir().toString(), Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
    if (fd < 0) {
      throw Refusal.workdir(spec, fd);
    }
    final int answer = Libc.mayExecute(path(fd).toString());
    if (answer < 0) {
      Libc.close(fd);
      throw Refusal.workdir(spec, answer);
    }
    if (!isWithin(fd, spec.within())) {
      Libc.close(fd);
      throw Refusal.workdirOutside();
    }
    return new Preflight(new Descriptor(fd));
  }

  /** Asked of the directory that is open, not of its name: that may lead elsewhere by now. */
  private static boolean isWithin(int fd, List<Path> roots) {
    if (roots.isEmpty()) {
      return true;
    }
    try {
      final Path real = Files.readSymbolicLink(path(fd));
      return roots.stream().anyMatch(real::startsWith);
    } catch (IOException e) {
      return false;
    }
  }

  private static void checkProgram(TerminalSpec spec) throws TerminalStartException {
    final String program = spec.command().getFirst();
    final int fd = Libc.open(program, Libc.O_PATH | Libc.O_CLOEXEC);
    if (fd == -Libc.EMFILE || fd == -Libc.ENFILE) {
      throw Refusal.noDescriptor(fd);
    }
    if (fd < 0) {
      throw Refusal.program(spec);
    }
    try {
      if (!Files.isRegularFile(path(fd)) || Libc.mayExecute(program) < 0) {
        throw Refusal.program(spec);
      }
    } finally {
      Libc.close(fd);
    }
  }

  private static Path path(int fd) {
    return Path.of("/proc/self/fd/" + fd);
  }

  @Override
  public void close() {
    workdir.close();
  }
}
