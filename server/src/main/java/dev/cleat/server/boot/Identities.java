package dev.cleat.server.boot;

import dev.cleat.server.auth.Authenticator;
import dev.cleat.server.auth.ServerTls;
import dev.cleat.server.auth.Tickets;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.yaml.WrongFileException;
import java.io.IOException;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Everything that says who calls.
 *
 * @param tls null without TLS
 */
record Identities(Authenticator authenticator, Tickets tickets, @Nullable ServerTls tls) {

  /**
   * As configured.
   *
   * @throws StartupException if one of the files cannot be used
   */
  static Identities open(Config config, DataFolder data, Sessions sessions)
      throws StartupException {
    try {
      return read(config, data, sessions);
    } catch (WrongFileException e) {
      throw new StartupException("who may call cannot be told: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new StartupException(
          "the key of tickets cannot be written to %s: %s".formatted(data.path(), e.getMessage()),
          e);
    }
  }

  private static Identities read(Config config, DataFolder data, Sessions sessions)
      throws WrongFileException, IOException {
    final InstantSource clock = InstantSource.system();
    final Tickets.Runs runs = sessions::isInRun;
    final Tickets tickets =
        config.auth().ticketKeys() == null
            ? Tickets.create(data.ticketKeys(), runs, clock)
            : Tickets.open(config.auth().ticketKeys(), runs, clock);
    final ServerTls tls = config.tls() == null ? null : ServerTls.open(config.tls(), clock);
    return new Identities(Authenticator.open(config.auth(), tickets, tls, clock), tickets, tls);
  }
}
