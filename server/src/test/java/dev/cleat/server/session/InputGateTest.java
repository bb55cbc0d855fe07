package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalClosedException;
import dev.cleat.v1.ErrorReason;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InputGateTest {
  private static final long LIMIT = 100 * InputGate.ENTRY_COST;
  private static final ByteString KEY = ByteString.copyFromUtf8("x");

  private final CountDownLatch takes = new CountDownLatch(1);
  private final AtomicInteger taken = new AtomicInteger();
  private final AtomicInteger settled = new AtomicInteger();
  private int closesAfter = Integer.MAX_VALUE;
  private final InputGate gate = new InputGate(new SessionKey("default", "s"), LIMIT, () -> {});

  /** One that takes nothing until it takes everything. */
  private Terminal terminal() {
    return (Terminal)
        Proxy.newProxyInstance(
            Terminal.class.getClassLoader(),
            new Class<?>[] {Terminal.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "write" -> write((ByteBuffer) arguments[0]);
                  case "awaitWritable" ->
                      takes.await(((Duration) arguments[0]).toNanos(), TimeUnit.NANOSECONDS);
                  default -> throw new AssertionError(method);
                });
  }

  private int write(ByteBuffer data) throws TerminalClosedException {
    if (takes.getCount() > 0) {
      return 0;
    }
    if (taken.get() == closesAfter) {
      throw new TerminalClosedException("it has ended");
    }
    final int all = data.remaining();
    data.position(data.limit());
    taken.addAndGet(all);
    return all;
  }

  private void type(String writer, long number) {
    final boolean _ = gate.input(writer, number, KEY, (_, _) -> settled.incrementAndGet());
  }

  private void settles(long number, long newest) {
    final List<Long> heard = new ArrayList<>();
    final boolean _ = gate.input("w", number, KEY, (now, _) -> heard.add(now));
    assertThat(heard).containsExactly(newest);
  }

  private static ErrorReason refusal(Runnable call) {
    return catchThrowableOfType(Refusal.class, call::run).reason();
  }

  @AfterEach
  void close() {
    takes.countDown();
    gate.close();
  }

  /** Types nothing until no more of it may wait, and says how often that was. */
  private int fill() {
    int typed = 0;
    while (gate.hasRoom() && typed <= LIMIT) {
      gate.input(typed == 0 ? KEY : ByteString.EMPTY, (_, _) -> settled.incrementAndGet());
      typed++;
    }
    return typed;
  }

  @Test
  void inputWithoutAByteThatWaitsIsBoundedToo() {
    gate.open(terminal());

    assertThat(fill()).isEqualTo(100);
    assertThat(refusal(() -> gate.input(ByteString.EMPTY, (_, _) -> {})))
        .isEqualTo(ErrorReason.ERROR_REASON_INPUT_FULL);
  }

  @Test
  void thereIsAllTheRoomAgainWhenItHasBeenTaken() {
    gate.open(terminal());
    final int waiting = fill();

    takes.countDown();
    await().until(() -> settled.get() == waiting);
    assertThat(gate.hasRoom()).isTrue();
    assertThat(taken).hasValue(1);
    for (int i = 0; i < 10 * waiting; i++) {
      gate.input(KEY, (_, _) -> settled.incrementAndGet());
    }
    assertThat(gate.hasRoom()).isTrue();
    assertThat(settled).hasValue(11 * waiting);
  }

  @Test
  void theSameNumberThatIsSentWhileItWaitsIsBounded() {
    gate.open(terminal());
    type("w", 1);
    int sent = 0;
    while (sent <= LIMIT && gate.hasRoom()) {
      type("w", 1);
      sent++;
    }

    assertThat(sent).isLessThan(100);
  }

  @Test
  void whatComesAgainFaresAsWhatCameFirst() throws Exception {
    closesAfter = 1;
    gate.open(terminal());
    final CompletableFuture<Boolean> again = new CompletableFuture<>();
    final CompletableFuture<Boolean> other = new CompletableFuture<>();
    type("w", 1);
    final boolean _ = gate.input("other", 1, KEY, (_, discarded) -> other.complete(discarded));
    final boolean _ = gate.input("w", 1, KEY, (_, discarded) -> again.complete(discarded));

    takes.countDown();
    assertThat(other.get(1, TimeUnit.MINUTES)).isTrue();
    assertThat(again.get(1, TimeUnit.MINUTES)).isFalse();
  }

  @Test
  void whatThePromptOfATurnHasComeToIsSaid() {
    takes.countDown();
    gate.open(terminal());
    assertThat(gate.type(new byte[1], gate.clientInputs())).isEqualTo(InputGate.Typed.TAKEN);
    assertThat(gate.type(new byte[1], gate.clientInputs() - 1))
        .isEqualTo(InputGate.Typed.CLIENT_TYPED);
    closesAfter = taken.get();
    assertThat(gate.type(new byte[1], gate.clientInputs())).isEqualTo(InputGate.Typed.CLOSED);
    assertThat(gate.type(new byte[1], gate.clientInputs())).isEqualTo(InputGate.Typed.CLOSED);
    assertThat(taken).hasValue(1);
  }

  @Test
  void whoAsksForAnOldNumberHearsTheNewest() {
    takes.countDown();
    gate.open(terminal());

    settles(1, 1);
    settles(2, 2);
    settles(1, 2);
  }

  @Test
  void theWritersThatHaveNotTypedForLongestAreForgotten() {
    takes.countDown();
    gate.open(terminal());
    type("kept", 1);
    type("forgotten", 1);
    for (int i = 2; i < InputGate.REMEMBERED_WRITERS; i++) {
      type("w" + i, 1);
    }
    type("kept", 2);
    type("one more", 1);

    assertThat(refusal(() -> type("forgotten", 2))).isEqualTo(ErrorReason.ERROR_REASON_INPUT_HOLE);
    final int before = taken.get();
    type("kept", 1);
    type("kept", 2);
    type("one more", 1);
    assertThat(taken).as("each applied once").hasValue(before);
  }

  @Test
  void whatIsRefusedMakesNobodyForgotten() {
    takes.countDown();
    gate.open(terminal());
    type("w", 1);
    for (int i = 0; i < 2 * InputGate.REMEMBERED_WRITERS; i++) {
      final String writer = "hole" + i;
      assertThatThrownBy(() -> type(writer, 2)).isInstanceOf(Refusal.class);
    }

    settles(2, 2);
  }

  @Test
  void whoIsAttachedOrWaitsIsNotForgotten() {
    gate.open(terminal());
    final Client.Listener stream = new Silent();
    assertThat(gate.attach("attached", stream).next()).isEqualTo(1);
    type("waits", 1);
    for (int i = 0; i < 2 * InputGate.REMEMBERED_WRITERS; i++) {
      final String writer = "w" + i;
      assertThat(gate.attach(writer, stream).next()).isEqualTo(1);
      gate.detach(writer, stream);
    }
    takes.countDown();
    await().until(() -> settled.get() == 1);

    assertThat(gate.attach("waits", stream).next()).isEqualTo(2);
    type("attached", 1);
    assertThat(gate.attach("attached", stream).next()).isEqualTo(2);
  }

  private static final class Silent implements Client.Listener {
    @Override
    public void acked(long inputSeq, boolean discarded) {}

    @Override
    public void replaced() {}

    @Override
    public void room() {}

    @Override
    public void over() {}
  }
}
