package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.Session;
import java.util.regex.Pattern;

/**
 * Finds sessions by what a person typed. What has the form of an id is looked for as an id first,
 * then as a name: an id means the same session for ever, whatever others are named later.
 */
final class Sessions {
  private static final Pattern ID_FORM = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  private Sessions() {}

  /** The session with this id, else the one with this exact name. */
  static Session find(CleatClient client, String idOrName) {
    if (idOrName.isEmpty()) {
      throw CliException.usage("SESSION is empty; it is a session's id or its name");
    }
    if (ID_FORM.matcher(idOrName).matches()) {
      try {
        return client.session(idOrName);
      } catch (CleatException e) {
        if (!e.reason().equals("SESSION_NOT_FOUND")) {
          throw e;
        }
      }
    }
    try {
      return client.sessionByName(idOrName);
    } catch (CleatException e) {
      if (!e.reason().equals("SESSION_NOT_FOUND")) {
        throw e;
      }
      throw CliException.failed(
          "there is no session with the id or the name '%s'; cleat ls lists the sessions"
              .formatted(idOrName),
          e);
    }
  }
}
