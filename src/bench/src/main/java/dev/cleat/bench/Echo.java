package dev.cleat.bench;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One byte typed through an Attach until the byte that the program echoes is back, beside a bare
 * gRPC stream that echoes, and a bare terminal with the same program.
 */
final class Echo {
  private static final double MICRO = 1e3;

  private Echo() {}

  static void run(Bed bed, Results results) throws Exception {
    final int count = bed.size(10_000, 1_000);
    final String echoing = bed.term() + " echo";
    final Map<String, List<String>> neighbours = Neighbours.wrapping(bed, echoing, results);
    final Map<String, Samples> medians = new LinkedHashMap<>();
    final Map<String, Samples> tails = new LinkedHashMap<>();
    final Samples ratio = new Samples();
    try (Serving server = Serving.cleat(bed);
        Serving bare = Serving.bare(bed)) {
      for (int warming = 0; warming < bed.size(8, 2); warming++) {
        attached(server, echoing, count);
        grpc(bare.channel(), count);
      }
      for (int round = 0; round < bed.size(7, 2); round++) {
        final long[] terminal = ping(bed, count, List.of("sh", "-c", echoing));
        final long[] grpc = grpc(bare.channel(), count);
        final long[] ours = attached(server, echoing, count);
        ratio.add(
            sample(medians, tails, "Attach", ours)
                / (sample(medians, tails, "bare terminal", terminal)
                    + sample(medians, tails, "bare gRPC stream", grpc)));
        for (Map.Entry<String, List<String>> neighbour : neighbours.entrySet()) {
          sample(medians, tails, neighbour.getKey(), ping(bed, count, neighbour.getValue()));
        }
      }
    }
    medians.forEach((name, samples) -> {
      results.add(name + ", p50", samples.median(), "µs");
      final Samples tail = tails.get(name);
      results.add(name + ", p99", tail == null ? Double.NaN : tail.median(), "µs");
    });
    results.atMost("Attach to the sum of both, p50", ratio.median(), 1.5);
  }

  /** Takes note of one round; its median. */
  private static double sample(
      Map<String, Samples> medians, Map<String, Samples> tails, String name, long[] nanos) {
    final Samples all = new Samples();
    for (long value : nanos) {
      all.add(value / MICRO);
    }
    medians.computeIfAbsent(name, _ -> new Samples()).add(all.median());
    tails.computeIfAbsent(name, _ -> new Samples()).add(all.quantile(0.99));
    return all.median();
  }

  private static long[] ping(Bed bed, int count, List<String> command)
      throws IOException, InterruptedException {
    final List<String> pinging = new ArrayList<>(List.of("ping", Integer.toString(count)));
    pinging.addAll(command);
    return bed.term(pinging);
  }

  /**
   * The next byte is sent where the last one came in: no change of threads is measured but the
   * server's.
   */
  private static final class Rally {
    private final long[] nanos;
    private final CountDownLatch over = new CountDownLatch(1);
    private int done;
    private long begin;

    Rally(int count) {
      this.nanos = new long[count];
    }

    /** A byte is back; whether another is to be sent. */
    boolean back() {
      final long now = System.nanoTime();
      nanos[done++] = now - begin;
      if (done == nanos.length) {
        over.countDown();
        return false;
      }
      serve();
      return true;
    }

    void serve() {
      begin = System.nanoTime();
    }

    long[] result() throws IOException, InterruptedException {
      if (!over.await(2, TimeUnit.MINUTES)) {
        throw new IOException("only " + done + " bytes came back");
      }
      return nanos;
    }
  }

  static long[] attached(Serving server, String echoing, int count)
      throws IOException, InterruptedException {
    final Sessions sessions = new Sessions(server);
    final String id = sessions.start("exec " + echoing);
    final ByteString one = ByteString.copyFromUtf8("x");
    final Rally rally = new Rally(count);
    final Watcher.Sink sink =
        new Watcher.Sink() {
          @Override
          public void printed(Watcher watcher, byte[] array, int from, int bytes) {
            if (rally.back()) {
              watcher.type(one);
            }
          }
        };
    try (Watcher watcher = sessions.attachWhenReady(id, sink)) {
      watcher.awaitCaughtUp();
      rally.serve();
      watcher.type(one);
      return rally.result();
    } finally {
      sessions.delete(id);
    }
  }

  private static long[] grpc(Channel channel, int count) throws IOException, InterruptedException {
    final Rally rally = new Rally(count);
    final byte[] one = new byte[16];
    final AtomicReference<@Nullable StreamObserver<byte[]>> requests = new AtomicReference<>();
    final StreamObserver<byte[]> responses =
        new StreamObserver<>() {
          @Override
          public void onNext(byte[] message) {
            final StreamObserver<byte[]> out = requests.get();
            if (out != null && rally.back()) {
              out.onNext(one);
            }
          }

          @Override
          public void onError(Throwable cause) {
            rally.over.countDown();
          }

          @Override
          public void onCompleted() {
            // We asked for it.
          }
        };
    final StreamObserver<byte[]> out =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(BareServer.ECHO, CallOptions.DEFAULT), responses);
    requests.set(out);
    rally.serve();
    out.onNext(one);
    final long[] result = rally.result();
    out.onCompleted();
    return result;
  }
}
