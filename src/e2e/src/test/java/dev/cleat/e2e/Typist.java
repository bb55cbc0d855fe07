package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachInfo;
import dev.cleat.client.AttachListener;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatException;
import dev.cleat.client.InputUncertainException;
import dev.cleat.client.OutputChunk;
import dev.cleat.client.Session;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A client that types numbered lines, one after the other and a few at a time, until it is told to
 * stop, and writes down what it was told of each. It types on the thread that calls it; the rest is
 * safe for use by any thread.
 */
final class Typist implements Callable<Void>, AttachListener {
  private static final int AT_A_TIME = 4;
  private static final int LINE_BYTES = 11;

  /** What a client is told of a line. */
  enum Told {
    /** It was handed to the terminal. */
    APPLIED,
    /** There was no process to take it. */
    DISCARDED,
    /** It may have been applied or not. */
    UNCERTAIN,
    /** It was not sent, because one before it is uncertain. */
    DROPPED
  }

  private record Pending(int number, CompletableFuture<Void> applied) {}

  private final String name;
  private final Attachment attachment;
  private final Queue<Pending> pending = new ArrayDeque<>();
  private final Map<Integer, Told> told = new ConcurrentSkipListMap<>();
  private final List<CleatException> errors = new CopyOnWriteArrayList<>();
  private final AtomicInteger reconnects = new AtomicInteger();
  private volatile boolean done;
  private @Nullable InputUncertainException doubt;
  private int doubted;

  /**
   * One who has not begun.
   *
   * @param number up to 999
   */
  Typist(int number, Session session) {
    this.name = "c%03d".formatted(number);
    this.attachment =
        session.attach(
            AttachOptions.fromBeginning().followRestarts().inputBuffer(AT_A_TIME * LINE_BYTES),
            this);
  }

  @Override
  public Void call() throws InterruptedException {
    for (int number = 1; !done; number++) {
      try {
        pending.add(new Pending(number, attachment.sendTracked(line(number))));
      } catch (InputUncertainException e) {
        // It waited for room behind what is in doubt now.
        told.put(number, Told.DROPPED);
      }
      while (pending.size() >= AT_A_TIME) {
        hear(pending.remove());
      }
    }
    while (!pending.isEmpty()) {
      hear(pending.remove());
    }
    return null;
  }

  private byte[] line(int number) {
    byte[] line = "%s %05d\n".formatted(name, number).getBytes(StandardCharsets.US_ASCII);
    assertThat(line).hasSize(LINE_BYTES);
    return line;
  }

  private void hear(Pending line) throws InterruptedException {
    try {
      line.applied().get();
      told.put(line.number(), Told.APPLIED);
    } catch (ExecutionException e) {
      told.put(
          line.number(),
          switch (Objects.requireNonNull(e.getCause())) {
            case InputUncertainException uncertain -> doubt(uncertain);
            case CleatException lost when lost.reason().equals(CleatException.INPUT_DISCARDED) ->
                Told.DISCARDED;
            default -> throw new AssertionError("line " + line.number() + " of " + name, e);
          });
    }
  }

  /** Of what fails together, the first bytes are in doubt and the others were not sent. */
  private Told doubt(InputUncertainException uncertain) {
    if (uncertain != doubt) {
      doubt = uncertain;
      doubted = 0;
    }
    doubted += LINE_BYTES;
    return doubted <= uncertain.uncertainBytes() ? Told.UNCERTAIN : Told.DROPPED;
  }

  /** Types no more; what it has typed is heard of before {@link #call} returns. */
  void stop() {
    done = true;
  }

  /** How many of its lines it was told this of. */
  long count(Told what) {
    return told.values().stream().filter(what::equals).count();
  }

  int reconnects() {
    return reconnects.get();
  }

  @Override
  public void onOutput(OutputChunk output) {}

  @Override
  public void onReconnected(AttachInfo attached) {
    reconnects.incrementAndGet();
  }

  @Override
  public void onError(CleatException error) {
    errors.add(error);
  }

  /**
   * What it was told is true of what the program has read: what was applied is there, and what was
   * thrown away or not sent is not; what is in doubt may be; nothing is there twice or out of
   * order.
   *
   * @param read all lines that the program has read, of whomever
   */
  void assertTrueOf(List<String> read) {
    assertThat(errors).as(name).isEmpty();
    List<Integer> numbers =
        read.stream()
            .filter(line -> line.startsWith(name + " "))
            .map(line -> Integer.valueOf(line.substring(name.length() + 1)))
            .toList();
    List<Integer> expected =
        told.entrySet().stream()
            .filter(line ->
                line.getValue() == Told.APPLIED
                    || (line.getValue() == Told.UNCERTAIN && numbers.contains(line.getKey())))
            .map(Map.Entry::getKey)
            .toList();
    assertThat(numbers).as(name).isEqualTo(expected);
  }
}
