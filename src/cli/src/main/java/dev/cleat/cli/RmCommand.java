package dev.cleat.cli;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.cleat.client.CleatClient;
import dev.cleat.v1.DeleteRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat rm}. */
@Command(
    name = "rm",
    description = "Remove sessions for good, with their journals, turns and children.")
final class RmCommand implements Callable<Integer> {
  /** Longer than the server waits for processes that do not end, whose answer says so. */
  private static final long DEADLINE_SECONDS = 300;

  private final Streams streams;

  @Mixin private final Selection selection = new Selection();

  @Option(
      names = {"-f", "--force"},
      description = "Also what runs: end it first, children too.")
  private boolean force;

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  RmCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    boolean named = selection.named();
    DeleteRequest.Builder request = DeleteRequest.newBuilder().setForce(force);
    try (CleatClient client = server.connect()) {
      if (named) {
        Set<String> gone = new HashSet<>();
        for (String id : selection.ids(client)) {
          if (!gone.contains(id)) { // it may have gone with its parent
            gone.addAll(delete(client, request.setSessionId(id).build()));
          }
        }
      } else {
        delete(client, request.setFilter(selection.filter()).build());
      }
      return ExitCode.DONE;
    }
  }

  private List<String> delete(CleatClient client, DeleteRequest request) {
    List<String> ids =
        client
            .grpc()
            .sessions()
            .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
            .delete(request)
            .getSessionIdsList();
    for (String id : ids) {
      streams.line(format.json() ? json(id) : id);
    }
    return ids;
  }

  private static String json(String id) {
    Value value = Value.newBuilder().setStringValue(id).build();
    return Json.of(Struct.newBuilder().putFields("id", value));
  }
}
