package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Session;
import picocli.CommandLine.Parameters;

/** Which session. */
final class SessionParameter {
  @Parameters(
      index = "0",
      paramLabel = "SESSION",
      description = "Its id, its name, or what its tool calls its own session.")
  private String text = "";

  Session find(CleatClient client) {
    return Sessions.find(client, text);
  }

  String text() {
    return text;
  }
}
