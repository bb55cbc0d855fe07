package dev.cleat.server.tool;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a caller wants to start.
 *
 * @param tool name of an entry
 * @param args appended to the entry's command; of a command for one turn, put behind its program
 * @param way how the process is to be talked to
 * @param mode what the process is to be connected to, for {@link Way#TERMINAL}; agents have pipes
 * @param env variables over the tool's and over those every session has
 * @param endpoint the address of the API that the tool is to call; empty for the tool's own
 * @param role what the agent is to be; empty for nothing in particular
 * @param workdir absolute; relative entries of PATH are looked up in it
 * @param sessionId given to the process as {@code CLEAT_SESSION_ID}
 * @param site where it is to run
 */
public record LaunchRequest(
    String tool,
    List<String> args,
    Way way,
    Mode mode,
    Map<String, String> env,
    String endpoint,
    String role,
    Path workdir,
    String sessionId,
    Site site) {
  public LaunchRequest {
    args = List.copyOf(args);
    env = Map.copyOf(env);
    mode = way == Way.TERMINAL ? mode : Mode.PIPES;
  }

  /** A process to type into. */
  public LaunchRequest(
      String tool,
      List<String> args,
      Mode mode,
      Map<String, String> env,
      Path workdir,
      String sessionId) {
    this(tool, args, Way.TERMINAL, mode, env, "", "", workdir, sessionId, Site.SERVER);
  }

  /** Without arguments and values of the environment: they may be secrets. */
  @Override
  public String toString() {
    return "LaunchRequest[" + tool + ", " + way + ", " + mode + ", session=" + sessionId + "]";
  }
}
