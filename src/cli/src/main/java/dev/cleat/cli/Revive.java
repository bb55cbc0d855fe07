package dev.cleat.cli;

import dev.cleat.client.RevivePolicy;
import java.util.Locale;

/** What becomes of a session after its server went down, as words of the command line. */
enum Revive {
  NEVER,
  ON_PROMPT,
  AT_ONCE;

  RevivePolicy policy() {
    return RevivePolicy.valueOf(name());
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
