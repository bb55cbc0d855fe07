package dev.cleat.server.tool;

import java.util.List;

/**
 * A tool as it is here and now.
 *
 * @param available its ways whose programs are on the PATH of a session that sets none of its own,
 *     best first
 * @param supported it runs on this operating system
 */
public record ToolStatus(Tool tool, List<Way> available, boolean supported) {
  public ToolStatus {
    available = List.copyOf(available);
  }

  /** Whether it can be talked to in at least one way. */
  public boolean installed() {
    return !available.isEmpty();
  }
}
