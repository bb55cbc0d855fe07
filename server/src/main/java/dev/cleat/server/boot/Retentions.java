package dev.cleat.server.boot;

import dev.cleat.server.journal.Retention;

/** The configured retention as the journal takes it. */
final class Retentions {
  private Retentions() {}

  static Retention of(Config.Retention config) {
    return new Retention(
        config.bytes() > 0 ? config.bytes() : Retention.UNLIMITED.bytes(),
        config.age().isPositive() ? config.age() : Retention.UNLIMITED.age());
  }
}
