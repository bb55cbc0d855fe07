package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A listener that takes its time. */
class SlowListenerTest {
  private static final int EVENTS = 2000;

  private final FakeService service = new FakeService();
  private final LoopbackServer server = new LoopbackServer(service);
  private final CleatClient client = CleatClient.connect(server.target());

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void aListenerThatStandsStillHoldsBackTheServerAndThenGetsEverything() throws Exception {
    ByteString data = ByteString.copyFrom(new byte[64 << 10]);
    for (int i = 0; i < EVENTS; i++) {
      service.print(data);
    }
    service.end();
    CountDownLatch go = new CountDownLatch(1);
    AtomicLong received = new AtomicLong();
    Attachment attachment =
        LoopbackServer.session(client)
            .attach(
                AttachOptions.fromBeginning().readOnly(),
                output -> {
                  try {
                    go.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                  received.addAndGet(output.bytes().length);
                });

    await().during(Duration.ofMillis(500)).until(standsStill());
    // The window here, HTTP/2's, which may grow to 8 MiB by itself, and the server's one batch past
    // it; the journal is 125 MiB.
    assertThat(service.bytesSent.get()).isBetween(1L << 10, 16L << 20);

    go.countDown();
    Recorder.end(attachment);
    assertThat(received.get()).isEqualTo((long) EVENTS * data.size());
  }

  private Callable<Boolean> standsStill() {
    AtomicLong last = new AtomicLong(-1);
    return () -> {
      long now = service.bytesSent.get();
      return now > 64 << 10 && last.getAndSet(now) == now;
    };
  }
}
