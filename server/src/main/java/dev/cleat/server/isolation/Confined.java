package dev.cleat.server.isolation;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What to start for a {@link Wish}.
 *
 * @param argv the program's absolute path first
 * @param environment exactly the variables that it gets
 * @param workdir where it is started; exists
 * @param cell to be closed when the process has ended
 */
public record Confined(
    List<String> argv, Map<String, String> environment, Path workdir, Cell cell) {
  public Confined {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
  }

  /** Without arguments and values of the environment: they may be secrets. */
  @Override
  public String toString() {
    return "Confined[" + argv.getFirst() + "]";
  }
}
