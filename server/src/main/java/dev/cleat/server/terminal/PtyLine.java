package dev.cleat.server.terminal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A pseudo terminal, by its master's descriptor. */
final class PtyLine implements Line {
  private static final int TERMIOS_BYTES = 64;
  private static final int IUTF8 = 0x4000;
  private static final int LOCAL_FLAGS = 3 * Integer.BYTES;
  private static final int ICANON = 2;
  private static final int WINSIZE_BYTES = 8;

  private final Descriptor master;

  PtyLine(int master) {
    this.master = new Descriptor(master);
  }

  /**
   * Makes a new terminal ready before anybody has opened its other side: reads and writes never
   * block, children do not inherit it, erasing erases characters and not bytes.
   *
   * @return 0 or the negative error number
   */
  int prepare(Size size) {
    final int fd = master.fd();
    int answer = Libc.fcntl(fd, Libc.F_SETFD, Libc.FD_CLOEXEC);
    answer = answer < 0 ? answer : Libc.fcntl(fd, Libc.F_SETFL, Libc.O_RDWR | Libc.O_NONBLOCK);
    answer = answer < 0 ? answer : eraseCharacters(fd);
    return answer < 0 ? answer : setSize(fd, size);
  }

  private static int eraseCharacters(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment termios = arena.allocate(TERMIOS_BYTES, Integer.BYTES);
      final int answer = Libc.ioctl(fd, Libc.TCGETS, termios);
      if (answer < 0) {
        return answer;
      }
      termios.set(JAVA_INT, 0, termios.get(JAVA_INT, 0) | IUTF8);
      return Libc.ioctl(fd, Libc.TCSETS, termios);
    }
  }

  /** How it treats what is typed, or all of that where it cannot be known. */
  private static int localFlags(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment termios = arena.allocate(TERMIOS_BYTES, Integer.BYTES);
      return Libc.ioctl(fd, Libc.TCGETS, termios) < 0 ? -1 : termios.get(JAVA_INT, LOCAL_FLAGS);
    }
  }

  private static int setSize(int fd, Size size) {
    try (Arena arena = Arena.ofConfined()) {
      final MemorySegment winsize = arena.allocate(WINSIZE_BYTES, Short.BYTES);
      winsize.setAtIndex(JAVA_SHORT, 0, (short) size.rows());
      winsize.setAtIndex(JAVA_SHORT, 1, (short) size.columns());
      return Libc.ioctl(fd, Libc.TIOCSWINSZ, winsize);
    }
  }

  @Override
  public List<Source> sources() {
    return List.of(new Source(Stream.TERMINAL, master, true));
  }

  @Override
  public Descriptor input() {
    return master;
  }

  @Override
  public void endInput() {
    // A terminal has no end of its input, only a character that says so, which is for the caller to
    // type.
  }

  @Override
  public void resize(Size size) {
    final int _ = master.use(fd -> setSize(fd, size), 0);
  }

  @Override
  public void interrupt(SessionProcesses processes) {
    final MemorySegment signal = MemorySegment.ofAddress(Signal.INT.number());
    final int _ = master.use(fd -> Libc.ioctl(fd, Libc.TIOCSIG, signal), 0);
  }

  @Override
  public int foregroundGroup() {
    return Math.max(0, master.use(Libc::foregroundGroup, 0));
  }

  @Override
  public boolean readsLines() {
    return (master.use(PtyLine::localFlags, ICANON) & ICANON) != 0;
  }

  @Override
  public void close() {
    master.close();
  }
}
