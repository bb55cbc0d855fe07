package dev.cleat.server.tool;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A tool as it is here and now.
 *
 * @param available its ways whose programs are on the PATH of a session that sets none of its own,
 *     best first
 * @param program where its program is, the one that is asked for its version
 * @param supported it runs on this operating system
 */
public record ToolStatus(
    Tool tool, List<Way> available, Optional<Path> program, boolean supported) {
  public ToolStatus {
    available = List.copyOf(available);
  }

  /** Whether it can be talked to in at least one way. */
  public boolean installed() {
    return !available.isEmpty();
  }
}
