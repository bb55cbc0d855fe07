package dev.cleat.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What libraries have to say. The server's log is the server's business; a client command says
 * itself what went wrong, in one line.
 */
final class Logging {
  /** Held, because loggers that nobody holds forget their level. */
  private static final Logger ROOT = Logger.getLogger("");

  private Logging() {}

  /** Silences the libraries unless this is the server. */
  static void silence(String... args) {
    if (args.length > 0 && args[0].equals("serve")) {
      return;
    }
    ROOT.setLevel(Level.OFF);
    // The server's Logback is on the class path; starting it would take longer than most commands.
    System.setProperty("slf4j.provider", "org.slf4j.helpers.NOP_FallbackServiceProvider");
    System.setProperty("slf4j.internal.verbosity", "ERROR");
  }
}
