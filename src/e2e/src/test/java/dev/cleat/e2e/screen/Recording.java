package dev.cleat.e2e.screen;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Scanner;

/**
 * What a program printed on a terminal, and when that changed its size.
 *
 * <p>Beside the bytes, in {@code NAME.out}, stand the sizes, in {@code NAME.sizes}: how much had
 * been printed, rows, columns.
 */
final class Recording {
  private final String name;
  private final byte[] output;
  private final List<SizeChange> sizes;

  private Recording(String name, byte[] output, List<SizeChange> sizes) {
    this.name = name;
    this.output = output;
    this.sizes = sizes;
  }

  record SizeChange(int offset, int rows, int columns) {
    static SizeChange parse(String line) {
      Scanner numbers = new Scanner(line);
      return new SizeChange(numbers.nextInt(), numbers.nextInt(), numbers.nextInt());
    }
  }

  static Recording load(String name) throws IOException {
    List<SizeChange> sizes =
        new String(bytes(name + ".sizes"), UTF_8).lines().map(SizeChange::parse).toList();
    return new Recording(name, bytes(name + ".out"), sizes);
  }

  private static byte[] bytes(String file) throws IOException {
    try (InputStream in = Recording.class.getResourceAsStream(file)) {
      return Objects.requireNonNull(in, file).readAllBytes();
    }
  }

  /** All that was printed; not to be changed. */
  byte[] output() {
    return output;
  }

  /** The sizes in order, the first at 0. */
  List<SizeChange> sizes() {
    return sizes;
  }

  /** The size at a point. */
  SizeChange sizeAt(int offset) {
    return sizes.stream().filter(size -> size.offset() <= offset).toList().getLast();
  }

  /** Plays what comes after one point, up to another one. */
  void play(int from, int to, Player player) throws IOException {
    int at = from;
    for (SizeChange size : sizes) {
      if (size.offset() > from && size.offset() <= to) {
        player.write(output, at, size.offset() - at);
        player.resize(size.rows(), size.columns());
        at = size.offset();
      }
    }
    player.write(output, at, to - at);
  }

  /** A terminal. */
  interface Player {
    void write(byte[] bytes, int from, int count) throws IOException;

    void resize(int rows, int columns) throws IOException;
  }

  @Override
  public String toString() {
    return name;
  }
}
