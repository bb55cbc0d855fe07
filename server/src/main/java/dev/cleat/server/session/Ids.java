package dev.cleat.server.session;

import java.security.SecureRandom;

/**
 * Makes identifiers: 100 random bits, so that two never meet, in an alphabet that is easy to read
 * out.
 */
final class Ids {
  private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
  private static final int LENGTH = 20;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  static String next() {
    final StringBuilder id = new StringBuilder(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      id.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return id.toString();
  }
}
