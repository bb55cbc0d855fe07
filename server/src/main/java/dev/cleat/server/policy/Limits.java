package dev.cleat.server.policy;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the processes of one session may use.
 *
 * @param memoryBytes of memory
 * @param processes processes and threads at a time
 * @param openFiles descriptors of one process
 * @param fileBytes the length of one file
 * @param milliCpus thousandths of a processor
 * @param cpuTime how long one process may compute
 */
public record Limits(
    OptionalLong memoryBytes,
    OptionalLong processes,
    OptionalLong openFiles,
    OptionalLong fileBytes,
    OptionalLong milliCpus,
    Optional<Duration> cpuTime) {

  /** No limit. */
  public static final Limits NONE =
      new Limits(
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          OptionalLong.empty(),
          Optional.empty());
}
