package dev.cleat.bench;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A journal read again from its beginning, beside a bare gRPC stream of messages of the same sizes;
 * and from its middle.
 */
final class Replay {
  private Replay() {}

  static void run(Bed bed, Results results) throws Exception {
    final Bed.Text text = bed.text(bed.size(256, 16));
    final Rounds rounds = new Rounds();
    // How fast a process gets is a matter of luck too: several of each.
    for (int pair = 0; pair < bed.size(3, 1); pair++) {
      try (Serving server = Serving.cleat(bed, "--retention-bytes", "0");
          Serving bare = Serving.bare(bed)) {
        compare(bed, server, bare, text, rounds);
      }
    }
    rounds.report(results);
    try (Serving server = Serving.cleat(bed, "--retention-bytes", "0")) {
      middle(bed, server, results);
    }
  }

  /** What the rounds came to. */
  private static final class Rounds {
    private final Samples ours = new Samples();
    private final Samples raw = new Samples();
    private final Samples ratio = new Samples();
    private final Samples ourProcessor = new Samples();
    private final Samples rawProcessor = new Samples();

    void report(Results results) {
      results.add("bare gRPC stream of the same sizes", raw.median(), "MB/s");
      results.add("bare gRPC stream, server's processor per GB", rawProcessor.median(), "s");
      results.add("replay", ours.median(), "MB/s");
      results.add("replay, server's processor per GB", ourProcessor.median(), "s");
      results.atLeast("replay to bare gRPC stream", ratio.median(), 0.7);
    }
  }

  private static void compare(Bed bed, Serving server, Serving bare, Bed.Text text, Rounds rounds)
      throws IOException, InterruptedException {
    final Sessions sessions = new Sessions(server);
    final String id = sessions.start(Bed.printing(text));
    final List<Integer> sizes = new ArrayList<>();
    fill(sessions, id);
    replay(server.channel(), id, text, sizes);
    final byte[] wanted = ByteBuffer.allocate(4 * sizes.size()).array();
    sizes.forEach(ByteBuffer.wrap(wanted)::putInt);
    final double bytes = sizes.stream().mapToLong(Integer::longValue).sum();
    for (int warming = 0; warming < bed.size(30, 1); warming++) {
      stream(bare.channel(), wanted);
      replay(server.channel(), id, text, new ArrayList<>());
    }
    for (int round = 0; round < bed.size(9, 2); round++) {
      final double rawBefore = bare.proc().cpuSeconds();
      final double grpc = bytes / 1e6 / stream(bare.channel(), wanted);
      final double oursBefore = server.proc().cpuSeconds();
      final double journal = bytes / 1e6 / replay(server.channel(), id, text, new ArrayList<>());
      rounds.raw.add(grpc);
      rounds.ours.add(journal);
      rounds.ratio.add(journal / grpc);
      rounds.rawProcessor.add((bare.proc().cpuSeconds() - rawBefore) / (bytes / 1e9));
      rounds.ourProcessor.add((server.proc().cpuSeconds() - oursBefore) / (bytes / 1e9));
    }
    sessions.delete(id);
  }

  private static void fill(Sessions sessions, String id) throws IOException, InterruptedException {
    try (Watcher watcher = sessions.attachWhenReady(id, new Watcher.Sink() {})) {
      watcher.type(Sessions.NEWLINE);
      watcher.awaitEnd();
    }
  }

  private static double replay(Channel channel, String id, Bed.Text text, List<Integer> sizes)
      throws IOException, InterruptedException {
    final Watcher.Sink sink =
        new Watcher.Sink() {
          @Override
          public void message(int bytes) {
            sizes.add(bytes);
          }
        };
    final long begin = System.nanoTime();
    try (Watcher watcher = new Watcher(channel, Sessions.from(id, 0), sink)) {
      watcher.awaitEnd();
      if (watcher.printed() < text.printed()) {
        throw new IOException("only " + watcher.printed() + " bytes of " + text.printed());
      }
      return (watcher.lastPrintedNanos() - begin) / 1e9;
    }
  }

  private static double stream(Channel channel, byte[] sizes)
      throws InterruptedException, IOException {
    final long begin = System.nanoTime();
    final CountDownLatch over = new CountDownLatch(1);
    final AtomicLong end = new AtomicLong();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(BareServer.stream(), CallOptions.DEFAULT),
        sizes,
        new io.grpc.stub.StreamObserver<>() {
          @Override
          public void onNext(Integer length) {}

          @Override
          public void onError(Throwable cause) {
            over.countDown();
          }

          @Override
          public void onCompleted() {
            end.set(System.nanoTime());
            over.countDown();
          }
        });
    if (!over.await(2, TimeUnit.MINUTES) || end.get() == 0) {
      throw new IOException("the bare stream did not end well");
    }
    return (end.get() - begin) / 1e9;
  }

  /** The time to the first event of a replay from the middle of a large journal. */
  private static void middle(Bed bed, Serving server, Results results)
      throws IOException, InterruptedException {
    final int mib = bed.size(1024, 32);
    final Bed.Text text = bed.text(mib);
    final Sessions sessions = new Sessions(server);
    final String id = sessions.start(Bed.printing(text));
    fill(sessions, id);
    Bed.delete(text.file());
    final long head = sessions.head(id);
    final Samples millis = new Samples();
    for (int i = 0; i < bed.size(50, 10); i++) {
      // Somewhere else each time.
      final long after = head / 2 + i * (head / 200);
      final CountDownLatch first = new CountDownLatch(1);
      final AtomicLong at = new AtomicLong();
      final Watcher.Sink sink =
          new Watcher.Sink() {
            @Override
            public void printed(Watcher watcher, byte[] array, int from, int count) {
              at.compareAndSet(0, System.nanoTime());
              first.countDown();
            }
          };
      final long begin = System.nanoTime();
      try (Watcher _ = new Watcher(server.channel(), Sessions.from(id, after), sink)) {
        if (!first.await(1, TimeUnit.MINUTES)) {
          throw new IOException("no event came");
        }
      }
      millis.add((at.get() - begin) / 1e6);
    }
    results.add("first event from the middle of " + mib + " MiB, p50", millis.median(), "ms");
    results.add("first event from the middle of " + mib + " MiB, p99", millis.quantile(0.99), "ms");
    sessions.delete(id);
  }
}
