package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat health}. */
@Command(
    name = "health",
    description =
        "Ask the server whether it takes calls: prints SERVING, and ends with 1 if it says anything"
            + " else.")
final class HealthCommand implements Callable<Integer> {
  private static final Duration DEADLINE = Duration.ofSeconds(5);

  private final Streams streams;

  @Mixin private final ServerOption server = new ServerOption();

  HealthCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      ServingStatus status =
          HealthGrpc.newBlockingStub(client.grpc().channel())
              .withDeadlineAfter(DEADLINE)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus();
      streams.line(status.name());
      return status == ServingStatus.SERVING ? ExitCode.DONE : ExitCode.FAILED;
    }
  }
}
