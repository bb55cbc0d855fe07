package dev.cleat.server.tool;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a caller wants to start.
 *
 * @param tool name of an entry
 * @param args appended to the entry's command
 * @param mode what the process is to be connected to
 * @param env variables over the tool's and over those every session has
 * @param workdir absolute; relative entries of PATH are looked up in it
 * @param sessionId given to the process as {@code CLEAT_SESSION_ID}
 */
public record LaunchRequest(
    String tool,
    List<String> args,
    Mode mode,
    Map<String, String> env,
    Path workdir,
    String sessionId) {
  public LaunchRequest {
    args = List.copyOf(args);
    env = Map.copyOf(env);
  }

  /** Without arguments and values of the environment: they may be secrets. */
  @Override
  public String toString() {
    return "LaunchRequest[" + tool + ", " + mode + ", session=" + sessionId + "]";
  }
}
