package dev.cleat.bench;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * From the command to the first healthy answer, with and without the cache of the ahead-of-time
 * step.
 */
final class Startup {
  private static final long POLL_MILLIS = 2;
  private static final int PATIENCE_SECONDS = 60;

  private Startup() {}

  static void run(Bed bed, Results results) throws Exception {
    if (!Files.exists(bed.home().resolve("src/cli/target/cleat/server.aot"))) {
      results.note("there is no ahead-of-time cache: both figures are without");
    }
    final Samples with = new Samples();
    final Samples without = new Samples();
    final Samples cpuWith = new Samples();
    final Samples cpuWithout = new Samples();
    for (int round = 0; round < bed.size(9, 2); round++) {
      measure(bed, "auto", with, cpuWith);
      measure(bed, "off", without, cpuWithout);
    }
    results.add("from ./cleat serve to the first healthy answer", with.median(), "ms");
    results.add("processor time of the server until then", cpuWith.median(), "ms");
    results.add("the same without the ahead-of-time cache", without.median(), "ms");
    results.add("processor time of the server until then", cpuWithout.median(), "ms");
  }

  private static void measure(Bed bed, String aot, Samples millis, Samples cpuMillis)
      throws IOException, InterruptedException {
    final int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    final Path data = Files.createTempDirectory(bed.folder(), "data-");
    final ProcessBuilder builder =
        new ProcessBuilder(Serving.cleatCommand(bed, data, port))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    // The launcher's own options otherwise.
    builder.environment().put("CLEAT_JAVA_OPTS", "-XX:+UseG1GC -XX:AOTMode=" + aot);
    final long begin = System.nanoTime();
    final Process process = builder.start();
    try {
      awaitListening(port, process);
      final ManagedChannel channel = Serving.connect(port);
      try {
        final ServingStatus status =
            HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus();
        if (status != ServingStatus.SERVING) {
          throw new IOException("the server says that it is " + status);
        }
        millis.add((System.nanoTime() - begin) / 1e6);
        cpuMillis.add(new Proc(process.pid()).cpuSeconds() * 1e3);
      } finally {
        channel.shutdownNow();
      }
    } finally {
      Serving.end(process);
      Bed.delete(data);
    }
  }

  private static void awaitListening(int port, Process process)
      throws IOException, InterruptedException {
    final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < deadline && process.isAlive()) {
      try (SocketChannel _ =
          SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
        return;
      } catch (java.net.ConnectException e) {
        Thread.sleep(POLL_MILLIS);
      }
    }
    throw new IOException("the server did not start");
  }
}
