package dev.cleat.server.session;

import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.Retention;
import dev.cleat.v1.SessionOrBuilder;

/** A session's own retention over the server's. */
final class Retentions {
  private Retentions() {}

  static Retention of(Retention server, SessionOrBuilder session) {
    if (!session.hasRetention()) {
      return server;
    }
    final dev.cleat.v1.Retention asked = session.getRetention();
    return new Retention(
        asked.getMaxBytes() > 0 ? asked.getMaxBytes() : server.bytes(),
        asked.hasMaxAge() && asked.getMaxAge().getSeconds() > 0
            ? Times.duration(asked.getMaxAge())
            : server.age());
  }

  /** The journal's options, with segments small enough for the retention to be kept. */
  static JournalOptions options(JournalOptions server, SessionOrBuilder session) {
    final Retention retention = of(server.retention(), session);
    return new JournalOptions(
        Math.min(JournalOptions.of(retention, server.sync()).segmentBytes(), server.segmentBytes()),
        server.recentBytes(),
        retention,
        server.sync());
  }
}
