package dev.cleat.server.session;

import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.Retention;

/** A session's own retention over the server's. */
final class Retentions {
  private Retentions() {}

  static JournalOptions options(JournalOptions defaults, dev.cleat.v1.Retention asked) {
    final Retention retention =
        new Retention(
            asked.getMaxBytes() > 0 ? asked.getMaxBytes() : defaults.retention().bytes(),
            asked.hasMaxAge() && asked.getMaxAge().getSeconds() > 0
                ? Times.duration(asked.getMaxAge())
                : defaults.retention().age());
    final JournalOptions fitting = JournalOptions.of(retention, defaults.sync());
    return new JournalOptions(
        Math.min(fitting.segmentBytes(), defaults.segmentBytes()),
        defaults.recentBytes(),
        retention,
        defaults.sync());
  }
}
