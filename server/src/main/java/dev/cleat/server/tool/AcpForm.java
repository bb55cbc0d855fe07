package dev.cleat.server.tool;

import java.util.List;
import java.util.Optional;

/**
 * How a tool is started that speaks the Agent Client Protocol on its standard input and output.
 *
 * @param command program and arguments
 * @param endpoint how this program is told the endpoint, where that is not as the tool's own is
 * @param role how this program is told the role, where that is not by the protocol
 */
public record AcpForm(
    List<String> command, Optional<SettingForm> endpoint, Optional<SettingForm> role) {
  public AcpForm {
    command = List.copyOf(command);
  }
}
