package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.Session;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Finds sessions by what a person typed. What has the form of an id is looked for as an id first,
 * then as a name, then as what a tool calls its own session: an id means the same session for ever,
 * whatever others are named later.
 */
final class Sessions {
  private static final Pattern ID_FORM = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  private Sessions() {}

  /**
   * The session with this id, else the one with this exact name, else the newest whose tool calls
   * its own session so.
   */
  static Session find(CleatClient client, String text) {
    if (text.isEmpty()) {
      throw CliException.usage("SESSION is empty; it is a session's id or its name");
    }
    return (ID_FORM.matcher(text).matches()
            ? find(client::session, text)
            : Optional.<Session>empty())
        .or(() -> find(client::sessionByName, text))
        .or(() -> find(client::byResumeToken, text))
        .orElseThrow(() ->
            CliException.failed(
                "there is no session with the id or the name '%s'; cleat ls lists the sessions"
                    .formatted(text)));
  }

  private static Optional<Session> find(Function<String, Session> by, String text) {
    try {
      return Optional.of(by.apply(text));
    } catch (CleatException e) {
      if (!e.reason().equals("SESSION_NOT_FOUND")) {
        throw e;
      }
      return Optional.empty();
    }
  }
}
