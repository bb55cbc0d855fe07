package dev.cleat.cli;

import static dev.cleat.cli.Soon.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.cli.terminal.DetachKeys;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.v1.AttachRequest;
import dev.cleat.v1.AttachResponse;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What becomes of what is typed, and when. */
final class KeyboardTest {
  private static final String DETACH = "\u0010q";

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Streams streams =
      new Streams(
          InputStream.nullInputStream(),
          OutputStream.nullOutputStream(),
          said,
          () -> false,
          () -> false,
          () -> false,
          () -> {});

  /** The first thing typed is lost; the last is typed, and the keys that detach with it. */
  @Test
  void whatIsTypedLastGoesOutThoughInputWasLostBefore() throws Exception {
    CompletableFuture<Attachment> attached = new CompletableFuture<>();
    CompletableFuture<Boolean> waited = new CompletableFuture<>();
    CountDownLatch lost = new CountDownLatch(1);
    Typing typing = new Typing(lost);
    ServerInterceptor losesTheFirst =
        Intercepted.before(
            "Attach",
            request -> {
              if (((AttachRequest) request).getInput().getInputSeq() == 2) {
                // Not acknowledged before it is known whether anybody waits for that.
                // Looked at often, since the last words have two seconds.
                soon()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> attached.join().done().isDone() || typing.flushes());
                waited.complete(!attached.join().done().isDone());
              }
            });
    try (AgentServer server = new AgentServer(AgentServer.acp(), losesTheFirst, discarding(1));
        CleatClient client = CleatClient.connect(server.target())) {
      Attachment attachment = client.session("s").attach(AttachOptions.fromNow(), output -> {});
      attached.complete(attachment);

      new Keyboard(
              typing,
              DetachKeys.of("ctrl-p,q"),
              attachment,
              false,
              new Screen(streams, Optional.empty()))
          .start(true);
      soon().until(() -> said.toString(StandardCharsets.UTF_8).contains("typed is lost"));
      lost.countDown();

      soon().until(() -> attachment.done().isDone());
      assertThat(waited).isCompletedWithValue(true);
    }
  }

  /** Acknowledges this input as discarded. */
  private static ServerInterceptor discarding(long inputSeq) {
    return new ServerInterceptor() {
      @Override
      public <Q, R> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return next.startCall(
            new SimpleForwardingServerCall<>(call) {
              @Override
              @SuppressWarnings("unchecked") // It is what it was.
              public void sendMessage(R message) {
                if (message instanceof AttachResponse response
                    && response.getInputAck().getInputSeq() == inputSeq) {
                  AttachResponse.Builder changed = response.toBuilder();
                  changed.getInputAckBuilder().setDiscarded(true);
                  super.sendMessage((R) changed.build());
                } else {
                  super.sendMessage(message);
                }
              }
            },
            headers);
      }
    };
  }

  /** Types one thing, and when it is lost, another and the keys that detach. */
  private static final class Typing extends InputStream {
    private final CountDownLatch lost;
    private volatile Thread reader = Thread.currentThread();
    private int reads;

    Typing(CountDownLatch lost) {
      this.lost = lost;
    }

    @Override
    public int read() {
      throw new AssertionError("a keyboard is read in pieces");
    }

    @Override
    public int read(byte[] into, int from, int length) {
      reader = Thread.currentThread();
      String typed = "first";
      if (reads++ > 0) {
        Intercepted.pass(lost);
        typed = "last" + DETACH;
      }
      byte[] bytes = typed.getBytes(StandardCharsets.UTF_8);
      System.arraycopy(bytes, 0, into, from, bytes.length);
      return bytes.length;
    }

    /** Whether who reads this waits for what was typed to be applied. */
    boolean flushes() {
      return reader.getState() == Thread.State.TIMED_WAITING
          && Arrays.stream(reader.getStackTrace())
              .anyMatch(frame -> frame.getMethodName().equals("flush"));
    }
  }
}
