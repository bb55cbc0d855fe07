package dev.cleat.server.reader;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Cuts bytes at random places, as a terminal might hand them out. */
final class Chunks {
  /**
   * A piece.
   *
   * @param from where it starts in the whole
   */
  record Chunk(int from, int count) {}

  private Chunks() {}

  /** Pieces of 0 to {@code longest} bytes that are the whole together. */
  static List<Chunk> of(int length, int longest, RandomGenerator random) {
    List<Chunk> chunks = new ArrayList<>();
    int from = 0;
    while (from < length) {
      int count = Math.min(random.nextInt(longest + 1), length - from);
      chunks.add(new Chunk(from, count));
      from += count;
    }
    return chunks;
  }
}
