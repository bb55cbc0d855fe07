package dev.cleat.cli;

import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which sessions, by what they have in common. What is given must all be true. */
final class FilterOptions {

  /** The states, in lower case on the command line. */
  enum State {
    STARTING,
    RUNNING,
    PAUSED,
    STOPPING,
    EXITED,
    FAILED,
    LOST;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--state",
      paramLabel = "STATE",
      split = ",",
      description = "In one of these states: ${COMPLETION-CANDIDATES}.")
  private List<State> states = new ArrayList<>();

  @Option(names = "--tool", paramLabel = "TOOL", description = "Of this tool.")
  private String tool = "";

  @Option(names = "--workspace", paramLabel = "NAME", description = "In this workspace.")
  private String workspace = "";

  @Option(names = "--parent", paramLabel = "ID", description = "Children of this session.")
  private String parent = "";

  @Option(
      names = {"-l", "--label"},
      paramLabel = "KEY=VALUE",
      description = "With this label; may be repeated.")
  private Map<String, String> labels = new LinkedHashMap<>();

  @Option(
      names = "--name-prefix",
      paramLabel = "PREFIX",
      description = "With a name that starts so.")
  private String namePrefix = "";

  /** Whether any was given. */
  boolean given() {
    return !filter().equals(SessionFilter.getDefaultInstance());
  }

  SessionFilter filter() {
    SessionFilter.Builder filter =
        SessionFilter.newBuilder()
            .setTool(tool)
            .setWorkspace(workspace)
            .setParentId(parent)
            .putAllLabels(labels)
            .setNamePrefix(namePrefix);
    for (State state : states) {
      filter.addStates(SessionState.valueOf("SESSION_STATE_" + state.name()));
    }
    return filter.build();
  }
}
