package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Range;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Both directions, byte for byte, over a network that cuts connections wherever it likes. */
@Execution(ExecutionMode.CONCURRENT)
class CutConnectionsTest {
  private static final CuttingProxy.Cuts MANY_CUTS =
      new CuttingProxy.Cuts(new Range(1000, 400_000), new Range(100, 3000), 150);
  private static final CuttingProxy.Cuts CUTS_OF_INPUT =
      new CuttingProxy.Cuts(new Range(100, 6000), new Range(100, 12_000), 150);

  private static final int TRIES = 60;

  /** One, and those that gRPC makes in the five seconds that it keeps what was given up. */
  private static final int CONNECTIONS_A_TRY = 4;

  private final FakeService service = new FakeService();
  private final LoopbackServer server = new LoopbackServer(service);
  private final long seed = new Random().nextLong();
  private CuttingProxy proxy = new CuttingProxy(server.port(), CuttingProxy.Cuts.NONE, seed);

  CutConnectionsTest() {
    System.out.println("seed of the cuts: " + seed);
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    server.close();
  }

  private CleatClient through(CuttingProxy.Cuts cuts) throws IOException {
    proxy.close();
    proxy = new CuttingProxy(server.port(), cuts, seed);
    return CleatClient.builder()
        .target(proxy.target())
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
        .build();
  }

  /** About 24 MB in events of all sizes. */
  private String printMuch(MessageDigest digest) {
    Random random = new Random(seed);
    for (int i = 0; i < 1500; i++) {
      byte[] data = new byte[1 + random.nextInt(32 << 10)];
      random.nextBytes(data);
      digest.update(data);
      service.print(ByteString.copyFrom(data));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Test
  void outputArrivesOnceAndWholeThroughCuts() throws Exception {
    String sent = printMuch(sha256());
    service.end();
    MessageDigest received = sha256();
    Recorder recorder =
        new Recorder() {
          @Override
          public void onOutput(OutputChunk output) {
            seqs.add(output.seq());
            received.update(output.bytes());
          }
        };

    try (CleatClient client = through(MANY_CUTS)) {
      Recorder.end(
          LoopbackServer.session(client)
              .attach(AttachOptions.fromBeginning().readOnly(), recorder));
    }
    assertThat(HexFormat.of().formatHex(received.digest())).isEqualTo(sent);
    assertThat(recorder.seqs).hasSize(1500);
    assertThat(recorder.seqs.get(1499)).isEqualTo(1500);
    assertThat(proxy.cuts()).isGreaterThan(60);
    assertThat(recorder.errors).isEmpty();
  }

  @Test
  void theScreenAndWhatFollowsItAreEverythingThroughCuts() throws Exception {
    byte[] before = new byte[20_000];
    new Random(seed).nextBytes(before);
    service.print(ByteString.copyFrom(before));
    MessageDigest all = sha256();
    all.update(before);
    MessageDigest received = sha256();
    CountDownLatch shown = new CountDownLatch(1);
    Recorder recorder =
        new Recorder() {
          @Override
          public void onScreen(ScreenPicture screen) {
            received.update(screen.restore());
            shown.countDown();
          }

          @Override
          public void onOutput(OutputChunk output) {
            seqs.add(output.seq());
            received.update(output.bytes());
          }
        };

    try (CleatClient client = through(MANY_CUTS);
        Attachment attachment =
            LoopbackServer.session(client)
                .attach(AttachOptions.fromScreen().readOnly(), recorder)) {
      assertThat(shown.await(60, TimeUnit.SECONDS)).isTrue();
      String sent = printMuch(all);
      service.end();
      Recorder.end(attachment);
      assertThat(HexFormat.of().formatHex(received.digest())).isEqualTo(sent);
    }
    assertThat(recorder.seqs).hasSize(1500);
    assertThat(proxy.cuts()).isGreaterThan(60);
    assertThat(recorder.errors).isEmpty();
  }

  @Test
  void anInputStreamReadsTheSameThroughCuts() throws Exception {
    String sent = printMuch(sha256());
    service.end();
    MessageDigest received = sha256();

    try (CleatClient client = through(MANY_CUTS);
        SessionOutput output =
            LoopbackServer.session(client).output(AttachOptions.fromBeginning().readOnly())) {
      byte[] buffer = new byte[70_000];
      for (int n = output.read(buffer); n >= 0; n = output.read(buffer)) {
        received.update(buffer, 0, n);
      }
      assertThat(Recorder.end(output.attachment()).reason()).isEqualTo(AttachEnd.Reason.EXITED);
    }
    assertThat(HexFormat.of().formatHex(received.digest())).isEqualTo(sent);
    assertThat(proxy.cuts()).isGreaterThan(60);
  }

  @Test
  void inputIsTypedOnceAndInOrderThroughCuts() throws Exception {
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    Recorder recorder = new Recorder();
    try (CleatClient client = through(CUTS_OF_INPUT);
        Attachment attachment =
            LoopbackServer.session(client)
                .attach(AttachOptions.fromBeginning().inputBuffer(8 << 10), recorder)) {
      for (int i = 1; i <= 10_000; i++) {
        String line = "line " + i + "\n";
        expected.writeBytes(line.getBytes(StandardCharsets.UTF_8));
        attachment.send(line);
      }
      assertThat(attachment.flush(Duration.ofMinutes(2))).isTrue();
    }
    assertThat(new String(service.typed(), StandardCharsets.UTF_8))
        .isEqualTo(expected.toString(StandardCharsets.UTF_8));
    assertThat(proxy.cuts()).isGreaterThan(50);
    assertThat(recorder.calls).doesNotContain("uncertain");
  }

  @Test
  void aSwallowedConnectionIsNoticedAndReplaced() throws Exception {
    service.print(ByteString.copyFromUtf8("before"));
    Recorder recorder = new Recorder();
    try (CleatClient client = through(CuttingProxy.Cuts.NONE);
        Attachment attachment =
            LoopbackServer.session(client)
                .attach(AttachOptions.fromBeginning().heartbeat(Duration.ofSeconds(1)), recorder)) {
      await().until(() -> recorder.calls.contains("caught up 1"));

      proxy.swallow();
      attachment
          .sendTracked("typed into the void".getBytes(StandardCharsets.UTF_8))
          .get(60, TimeUnit.SECONDS);
      service.print(ByteString.copyFromUtf8(" and after"));
      service.end();
      Recorder.end(attachment);
    }
    assertThat(recorder.text()).isEqualTo("before and after");
    assertThat(new String(service.typed(), StandardCharsets.UTF_8))
        .isEqualTo("typed into the void");
    assertThat(recorder.causes.get(0).reason()).isEqualTo(CleatException.SILENT);
    assertThat(proxy.connections()).isGreaterThan(1);
  }

  /** However long it takes, and however many share the channel. */
  @Test
  void anOutageCostsAFewConnectionsForEachTry() throws Exception {
    service.print(ByteString.copyFromUtf8("before"));
    List<Recorder> recorders = List.of(new Recorder(), new Recorder(), new Recorder());
    try (CleatClient client =
        CleatClient.builder()
            .target(proxy.target())
            .backOff(Duration.ofMillis(5), Duration.ofMillis(20))
            .build()) {
      List<Attachment> attachments =
          recorders.stream()
              .map(recorder ->
                  LoopbackServer.session(client)
                      .attach(AttachOptions.fromBeginning().readOnly(), recorder))
              .toList();
      await().until(() -> recorders.stream().allMatch(one -> one.calls.contains("caught up 1")));
      int before = proxy.connections();
      proxy.refuse(true);
      proxy.cutNow();
      await().until(() -> recorders.stream().allMatch(one -> one.causes.size() >= TRIES));
      int made = proxy.connections() - before;
      assertThat(made).isLessThanOrEqualTo(CONNECTIONS_A_TRY * tries(recorders));

      proxy.refuse(false);
      service.end();
      for (Attachment attachment : attachments) {
        Recorder.end(attachment);
      }
    }
    assertThat(recorders).allSatisfy(one -> assertThat(one.text()).isEqualTo("before"));
  }

  private static int tries(List<Recorder> recorders) {
    return recorders.stream().mapToInt(one -> one.causes.size()).sum();
  }

  private static MessageDigest sha256() throws NoSuchAlgorithmException {
    return MessageDigest.getInstance("SHA-256");
  }
}
