package dev.cleat.e2e;

import java.util.Random;

/**
 * How much is done: what a build has time for, or what a soak has ({@code -Dcleat.soak=true}). And
 * where chance comes from: each test says its seed, and {@code -Dcleat.seed} repeats it.
 */
public final class Scale {
  private static final boolean SOAK = Boolean.getBoolean("cleat.soak");

  private Scale() {}

  /** One of two sizes. */
  static int of(int build, int soak) {
    return SOAK ? soak : build;
  }

  /** A new seed, or the one that was asked for; printed. */
  public static long seed(String what) {
    long seed = Long.getLong("cleat.seed", new Random().nextLong());
    System.out.println(what + ": seed " + seed);
    return seed;
  }
}
