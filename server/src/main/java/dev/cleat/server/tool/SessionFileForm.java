package dev.cleat.server.tool;

import com.fasterxml.jackson.core.JsonPointer;
import java.util.List;

/**
 * Where a tool writes down what it calls its own sessions: files whose first line is JSON.
 *
 * @param files patterns of their paths: a variable of the process's environment and names below it,
 *     in which {@code *} stands for anything; those count whose variable is set first
 * @param id where in the line the id is
 * @param workdir where in the line the working directory is
 */
public record SessionFileForm(List<String> files, JsonPointer id, JsonPointer workdir) {
  public SessionFileForm {
    files = List.copyOf(files);
  }
}
