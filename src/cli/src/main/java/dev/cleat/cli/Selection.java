package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sessions one by one, or all that match: exactly one of the two. */
final class Selection {
  @Parameters(paramLabel = "SESSION", arity = "0..*", description = "Ids or names of sessions.")
  private List<String> sessions = new ArrayList<>();

  @Option(names = "--all", description = "All sessions that are not internal.")
  private boolean all;

  @Mixin private final FilterOptions filter = new FilterOptions();

  /** Whether sessions were named; otherwise {@link #filter} says which. */
  boolean named() {
    boolean some = all || filter.given();
    if (some == !sessions.isEmpty()) {
      throw CliException.usage(
          some
              ? "name sessions, or give --all or a filter, and not both"
              : "say which: name sessions, or give --all or a filter");
    }
    return !sessions.isEmpty();
  }

  /** The ids of the named sessions. */
  List<String> ids(CleatClient client) {
    return sessions.stream().map(text -> Sessions.find(client, text).id()).distinct().toList();
  }

  dev.cleat.v1.SessionFilter filter() {
    return filter.filter();
  }
}
