package dev.cleat.cli;

import com.google.protobuf.Duration;
import dev.cleat.client.CleatClient;
import dev.cleat.client.SessionInfo;
import dev.cleat.v1.Session;
import dev.cleat.v1.StopRequest;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat stop}. */
@Command(
    name = "stop",
    description = "End the processes of sessions: politely first, by force after the grace period.")
final class StopCommand implements Callable<Integer> {
  /** What an answer may take beside the grace period. */
  private static final java.time.Duration ANSWER = java.time.Duration.ofSeconds(30);

  private final Streams streams;

  @Mixin private final Selection selection = new Selection();

  @Option(
      names = "--grace",
      paramLabel = "DURATION",
      converter = Durations.class,
      defaultValue = "5s",
      description = "From the polite signals to KILL, at most 5m. Default: 5s.")
  private java.time.Duration grace = java.time.Duration.ofSeconds(5);

  @Option(names = "--no-wait", description = "Do not wait for the end.")
  private boolean noWait;

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  StopCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    boolean named = selection.named();
    StopRequest.Builder request =
        StopRequest.newBuilder()
            .setNoWait(noWait)
            .setGracePeriod(
                Duration.newBuilder().setSeconds(grace.getSeconds()).setNanos(grace.getNano()));
    try (CleatClient client = server.connect()) {
      if (named) {
        for (String id : selection.ids(client)) {
          stop(client, request.setSessionId(id).build());
        }
      } else {
        stop(client, request.setFilter(selection.filter()).build());
      }
      return ExitCode.DONE;
    }
  }

  private void stop(CleatClient client, StopRequest request) {
    long millis = grace.plus(ANSWER).toMillis();
    for (Session session :
        client
            .grpc()
            .sessions()
            .withDeadlineAfter(millis, TimeUnit.MILLISECONDS)
            .stop(request)
            .getSessionsList()) {
      streams.line(
          format.json()
              ? Json.of(session)
              : session.getId() + " " + Show.state(new SessionInfo(session)));
    }
  }
}
