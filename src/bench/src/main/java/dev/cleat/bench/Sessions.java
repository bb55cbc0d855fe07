package dev.cleat.bench;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import io.grpc.Channel;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What the benchmarks do with sessions of a server. */
record Sessions(Channel channel) {
  static final ByteString NEWLINE = ByteString.copyFromUtf8("\n");
  private static final byte[] READY = {'R', 'E', 'A', 'D', 'Y'};

  Sessions(Serving server) {
    this(server.channel());
  }

  private SessionServiceBlockingStub stub() {
    return SessionServiceGrpc.newBlockingStub(channel).withDeadlineAfter(1, TimeUnit.MINUTES);
  }

  /** Starts a shell on a command line; the session's id. */
  String start(String commandLine) {
    return stub()
        .create(CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs(commandLine).build())
        .getSession()
        .getId();
  }

  void delete(String id) {
    final DeleteRequest request =
        DeleteRequest.newBuilder().setSessionId(id).setForce(true).build();
    if (stub().delete(request).getSessionIdsCount() != 1) {
      throw new IllegalStateException("session " + id + " was not deleted");
    }
  }

  /** The number of its newest event. */
  long head(String id) {
    return stub().get(GetRequest.newBuilder().setSessionId(id).build()).getSession().getHeadSeq();
  }

  static AttachOpen from(String id, long afterSeq) {
    return AttachOpen.newBuilder().setSessionId(id).setAfterSeq(afterSeq).build();
  }

  /** Attaches to a session that says when it is ready, and waits for that. */
  Watcher attachWhenReady(String id, Watcher.Sink sink) throws IOException, InterruptedException {
    final Ready ready = new Ready(sink);
    final Watcher watcher = new Watcher(channel, from(id, 0), ready);
    if (!ready.seen.await(1, TimeUnit.MINUTES)) {
      watcher.close();
      throw new IOException(
          "the session's program is not ready after " + watcher.printed() + " bytes");
    }
    return watcher;
  }

  /** Passes on what comes after the word READY and the rest of its message. */
  private static final class Ready implements Watcher.Sink {
    private final CountDownLatch seen = new CountDownLatch(1);
    private final Watcher.Sink then;
    private int matched;
    private boolean passing;

    Ready(Watcher.Sink then) {
      this.then = then;
    }

    @Override
    public void printed(Watcher watcher, byte[] array, int from, int count) {
      if (passing) {
        then.printed(watcher, array, from, count);
        return;
      }
      for (int i = from; i < from + count && matched < READY.length; i++) {
        matched = array[i] == READY[matched] ? matched + 1 : 0;
      }
      if (matched == READY.length) {
        passing = true;
        seen.countDown();
      }
    }
  }
}
