package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachListener;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.OutputChunk;
import dev.cleat.client.Session;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Many readers of one session, one of which stops reading, and a server with little memory. */
@Order(6)
class FanOutTest {
  private static final int READERS = 20;
  private static final Numbers NUMBERS = Numbers.ofBytes(500_000_000);

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  /** Stops at the first output until it is woken. */
  private static final class Frozen implements AttachListener {
    private final Transcript transcript = Transcript.light();
    private final CountDownLatch frozen = new CountDownLatch(1);
    private final CountDownLatch woken = new CountDownLatch(1);

    @Override
    public void onOutput(OutputChunk output) {
      frozen.countDown();
      try {
        woken.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      transcript.onOutput(output);
    }

    @Override
    public void onEvent(dev.cleat.v1.Event event) {
      transcript.onEvent(event);
    }

    @Override
    public void onGap(dev.cleat.client.Gap gap) {
      transcript.onGap(gap);
    }

    @Override
    public void onError(dev.cleat.client.CleatException error) {
      transcript.onError(error);
    }
  }

  /** Readers with connections of their own. */
  private static final class Readers implements AutoCloseable {
    private final List<CleatClient> clients = new ArrayList<>();
    private final List<Transcript> transcripts = new ArrayList<>();
    private final List<Attachment> attachments = new ArrayList<>();

    Readers(ServerProcess server) {
      for (int reader = 0; reader < READERS; reader++) {
        clients.add(server.client());
        transcripts.add(Transcript.light());
      }
    }

    void attach(String sessionId, AttachOptions options) {
      for (int reader = 0; reader < READERS; reader++) {
        Session session = clients.get(reader).session(sessionId);
        attachments.add(session.attach(options, transcripts.get(reader)));
      }
    }

    List<Transcript> awaitEnds() throws Exception {
      for (int reader = 0; reader < READERS; reader++) {
        awaitEnd(attachments.get(reader), transcripts.get(reader));
      }
      return transcripts;
    }

    @Override
    public void close() {
      clients.forEach(CleatClient::close);
    }
  }

  /** Waits for the end for as long as there is more and more. */
  private static void awaitEnd(Attachment attachment, Transcript transcript) throws Exception {
    long before = -1;
    while (transcript.bytes() > before) {
      before = transcript.bytes();
      try {
        Transcript.end(attachment);
        return;
      } catch (TimeoutException e) {
        // There is much of it.
      }
    }
    throw new AssertionError("nothing comes behind " + before + " bytes");
  }

  @Test
  void aClientThatStopsReadingCostsNobodyAnything() throws Exception {
    Report report = Report.of("twenty readers and a frozen one");
    ServerProcess server =
        servers.start(
            ServerCommand.on(folder.resolve("data"))
                .jvm(
                    "-Xmx128m",
                    "-XX:MaxDirectMemorySize=16m",
                    "-XX:+UseSerialGC",
                    "-XX:+ExitOnOutOfMemoryError"));
    AttachOptions options = AttachOptions.fromBeginning().readOnly();
    Frozen frozen = new Frozen();
    try (CleatClient sleeper = server.client();
        CleatClient client = server.client();
        Readers readers = new Readers(server)) {
      Session session = client.create(NewSession.of("sh").args(NUMBERS.shell()));
      Attachment late = sleeper.session(session.id()).attach(options, frozen);
      frozen.frozen.await();
      readers.attach(session.id(), options);
      long crc = NUMBERS.crc();
      for (Transcript transcript : readers.awaitEnds()) {
        transcript.assertWhole();
        assertThat(transcript.reconnects()).isZero();
        assertThat(transcript.crc()).isEqualTo(crc);
      }
      assertThat(frozen.transcript.bytes()).isZero();

      frozen.woken.countDown();
      awaitEnd(late, frozen.transcript);
      frozen.transcript.assertWhole();
      assertThat(frozen.transcript.crc()).isEqualTo(crc);
    }
    assertThat(server.stop()).isZero();
    assertThat(server.errors()).noneMatch(line -> line.contains("OutOfMemory"));
    report.add("readers", READERS).add("bytes", NUMBERS.bytes()).passed();
  }
}
