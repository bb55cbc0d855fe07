package dev.cleat.cli;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.cleat.client.CleatClient;
import dev.cleat.v1.DeleteRequest;
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
        for (String id : selection.ids(client)) {
          delete(client, request.setSessionId(id).build());
        }
      } else {
        delete(client, request.setFilter(selection.filter()).build());
      }
      return ExitCode.DONE;
    }
  }

  private void delete(CleatClient client, DeleteRequest request) {
    for (String id :
        client
            .grpc()
            .sessions()
            .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
            .delete(request)
            .getSessionIdsList()) {
      streams.line(format.json() ? json(id) : id);
    }
  }

  private static String json(String id) {
    Value value = Value.newBuilder().setStringValue(id).build();
    return Json.of(Struct.newBuilder().putFields("id", value));
  }
}
