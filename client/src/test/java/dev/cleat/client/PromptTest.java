package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.testing.CuttingProxy.Range;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A prompt, its output cut exactly, and its end. */
class PromptTest {
  private final long seed = new Random().nextLong();
  private final FakeTurns service = new FakeTurns(seed);
  private final LoopbackServer server = new LoopbackServer(service);
  private CuttingProxy proxy = new CuttingProxy(server.port(), Cuts.NONE, seed);
  private final CleatClient client = client(server.target());
  private final Session session = LoopbackServer.session(client);

  PromptTest() {
    System.out.println("seed of the shell: " + seed);
  }

  private static CleatClient client(String target) {
    return CleatClient.builder()
        .target(target)
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20))
        .retryFor(Duration.ofMinutes(1))
        .deadline(Duration.ofMinutes(2))
        .build();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    proxy.close();
    server.close();
  }

  @Test
  void aPromptReturnsItsOutputAndExitCode() {
    service.willPrint(ByteString.copyFromUtf8("\033[31mred\033[0m\r\nligne d'été\r\n"), 3);
    Turn turn = session.prompt("make test");

    assertThat(turn.state()).isEqualTo(Turn.State.FAILED);
    assertThat(turn.exitCode()).hasValue(3);
    assertThat(turn.judgedBy()).isEqualTo(Turn.JudgedBy.MARKS);
    assertThat(turn.output()).isEqualTo("red\nligne d'été\n");
    assertThat(turn.omittedBytes()).isZero();
  }

  @Test
  void rawOutputIsWhatWasPrinted() {
    service.willPrint(ByteString.copyFromUtf8("\033[31mred\033[0m\r\n"), 0);
    Turn turn = session.prompt(Prompt.of("x").rawOutput());
    assertThat(turn.succeeded()).isTrue();
    assertThat(turn.output()).isEqualTo("\033[31mred\033[0m\r\n");
  }

  @Test
  void aTurnWithoutOutputHasNone() {
    service.willPrint(ByteString.EMPTY, 0);
    assertThat(session.prompt("true").output()).isEmpty();
  }

  @Test
  void ofMuchOutputTheEndIsKept() {
    service.willPrint(ByteString.copyFromUtf8("0123456789".repeat(10_000)), 0);
    Turn turn = session.prompt(Prompt.of("x").maxOutput(25));
    assertThat(turn.output()).isEqualTo("5678901234567890123456789");
    assertThat(turn.omittedBytes()).isEqualTo(99_975);
  }

  @Test
  void outputIsPassedOnExactlyWhileItComes() {
    Random random = new Random(seed);
    for (int i = 0; i < 20; i++) {
      byte[] printed = new byte[random.nextInt(20_000)];
      random.nextBytes(printed);
      service.willPrint(ByteString.copyFrom(printed), i % 2);
      ByteArrayOutputStream passed = new ByteArrayOutputStream();

      Turn turn = session.prompt(Prompt.of("turn " + i), passed::writeBytes);
      assertThat(turn.exitCode()).hasValue(i % 2);
      assertThat(Arrays.equals(passed.toByteArray(), printed)).as("turn %s", i).isTrue();
    }
  }

  @Test
  void aTurnIsFollowedWithoutReadingWhatWasThereBefore() {
    for (int i = 0; i < 1000; i++) {
      service.print(ByteString.copyFromUtf8("old"));
    }
    long before = service.head();
    service.willPrint(ByteString.copyFromUtf8("new"), 0);
    ByteArrayOutputStream passed = new ByteArrayOutputStream();

    assertThat(session.prompt(Prompt.of("x"), passed::writeBytes).succeeded()).isTrue();
    assertThat(passed.toString(StandardCharsets.UTF_8)).isEqualTo("new");
    assertThat(service.oldestRead()).isGreaterThan(before).isLessThan(service.head());
  }

  @Test
  void aTurnThatHadBegunBeforeItWasAskedForAgainIsFollowedFromItsBeginning() {
    service.print(ByteString.copyFromUtf8("old"));
    service.willPrint(ByteString.copyFromUtf8("its"), 0);
    assertThat(session.prompt(Prompt.of("x").requestId("r")).succeeded()).isTrue();
    service.print(ByteString.copyFromUtf8("later"));
    ByteArrayOutputStream passed = new ByteArrayOutputStream();

    Prompt again = Prompt.of("x").requestId("r");
    assertThat(session.prompt(again, passed::writeBytes).succeeded()).isTrue();
    assertThat(passed.toString(StandardCharsets.UTF_8)).isEqualTo("its");
  }

  @Test
  void whatIsGoneOfATurnIsAskedAboutWithoutReadingWhatIsThere() {
    service.willPrint(ByteString.copyFromUtf8("x"), 0);
    RunningTurn running = session.start(Prompt.of("x").maxOutput(0));
    assertThat(running.await().succeeded()).isTrue();
    for (int i = 0; i < 1000; i++) {
      service.print(ByteString.copyFromUtf8("later"));
    }
    Position place = new Position(1, service.head() - 1);
    assertThat(running.endedBefore(place)).hasValueSatisfying(t -> assertThat(t.ended()).isTrue());
    assertThat(service.oldestRead()).isEqualTo(service.head());
    assertThat(running.endedBefore(Position.BEGINNING)).isEmpty();
  }

  @Test
  void outputIsPassedOnBeforeTheTurnEnds() throws Exception {
    service.hold(true);
    service.willPrint(ByteString.copyFromUtf8("not yet done\r\n"), 0);
    ByteArrayOutputStream passed = new ByteArrayOutputStream();
    CompletableFuture<Turn> turn =
        CompletableFuture.supplyAsync(() -> session.prompt(Prompt.of("x"), passed::writeBytes));

    await().until(() -> passed.toString(StandardCharsets.UTF_8).equals("not yet done\r\n"));
    assertThat(turn).isNotDone();
    service.hold(false);
    assertThat(turn.get(60, TimeUnit.SECONDS).succeeded()).isTrue();
    assertThat(passed.toString(StandardCharsets.UTF_8)).isEqualTo("not yet done\r\n");
  }

  @Test
  void aTurnThatIsCancelledBeforeItBeginsPassesNothingOn() throws Exception {
    service.queue(true);
    ByteArrayOutputStream passed = new ByteArrayOutputStream();
    CompletableFuture<Turn> turn =
        CompletableFuture.supplyAsync(() -> session.prompt(Prompt.of("x"), passed::writeBytes));
    await().until(() -> service.turnCount() == 1);
    service.print(ByteString.copyFromUtf8("of another turn"));
    service.cancelAll();
    service.print(ByteString.copyFromUtf8("of another turn"));

    assertThat(turn.get(60, TimeUnit.SECONDS).state()).isEqualTo(Turn.State.CANCELLED);
    assertThat(passed.size()).isZero();
    service.queue(false);
  }

  @Test
  void aTurnWhoseEndIsNoLongerKeptIsOverForWhomItsOutputIsPassedTo() throws Exception {
    service.hold(true);
    service.willPrint(ByteString.copyFromUtf8("kept\r\n"), 0);
    ByteArrayOutputStream passed = new ByteArrayOutputStream();
    CountDownLatch trimmed = new CountDownLatch(1);
    CompletableFuture<Turn> turn =
        CompletableFuture.supplyAsync(() ->
            session.prompt(
                Prompt.of("x").requestId("r"),
                part -> {
                  passed.writeBytes(part);
                  await().until(() -> trimmed.getCount() == 0);
                }));
    await().until(() -> passed.size() > 0);
    service.hold(false);
    RunningTurn same = session.start(Prompt.of("x").requestId("r"));
    assertThat(same.await().succeeded()).isTrue();
    service.trim();
    trimmed.countDown();

    assertThat(turn.get(60, TimeUnit.SECONDS).succeeded()).isTrue();
    assertThat("kept\r\n").startsWith(passed.toString(StandardCharsets.UTF_8));
    assertThat(session.prompt(Prompt.of("x").requestId("r"), passed::writeBytes).succeeded())
        .isTrue();
  }

  @Test
  void aWaitThatIsOverReturnsTheTurnAsItIs() {
    service.hold(true);
    service.willPrint(ByteString.copyFromUtf8("x"), 0);
    RunningTurn running = session.start(Prompt.of("x"));
    Turn turn = running.await(Duration.ofMillis(50));
    assertThat(turn.ended()).isFalse();

    service.hold(false);
    assertThat(running.await().output()).isEqualTo("x");
  }

  @Test
  void aWaitOutlivesTheServer() throws Exception {
    service.hold(true);
    service.willPrint(ByteString.copyFromUtf8("x"), 0);
    CompletableFuture<Turn> turn = session.promptAsync(Prompt.of("x"));
    await().until(() -> service.turnCount() == 1);
    server.down();
    server.up();
    service.hold(false);
    assertThat(turn.get(60, TimeUnit.SECONDS).output()).isEqualTo("x");
  }

  @Test
  void aWaitEndsWithItsClient() throws Exception {
    service.hold(true);
    CompletableFuture<Turn> turn = session.promptAsync(Prompt.of("x"));
    await().until(() -> service.turnCount() == 1);

    client.close();

    assertThatThrownBy(() -> turn.get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(CleatException.class);
    service.hold(false);
  }

  @Test
  void promptsRunOnceThroughCuts() throws Exception {
    proxy.close();
    proxy =
        new CuttingProxy(
            server.port(), new Cuts(new Range(100, 3000), new Range(100, 3000), 60), seed);
    try (CleatClient flaky = client(proxy.target())) {
      Session through = LoopbackServer.session(flaky);
      for (int i = 0; i < 30; i++) {
        String printed = ("line " + i + "\n").repeat(1 + i * 20);
        service.willPrint(ByteString.copyFromUtf8(printed), 0);
        assertThat(through.prompt("print " + i).output()).isEqualTo(printed);
      }
    }
    assertThat(service.turnCount()).isEqualTo(30);
    assertThat(proxy.cuts()).isGreaterThan(10);
  }
}
