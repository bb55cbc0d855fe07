package dev.cleat.server.tool;

import java.util.List;

/**
 * How a tool is started that speaks the Agent Client Protocol on its standard input and output.
 *
 * @param command program and arguments
 */
public record AcpForm(List<String> command) {
  public AcpForm {
    command = List.copyOf(command);
  }
}
