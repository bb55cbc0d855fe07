package dev.cleat.server.session;

import dev.cleat.server.reader.Mark;
import dev.cleat.server.reader.Query;
import dev.cleat.server.reader.QueryParser;
import dev.cleat.server.reader.TerminalAnswers;
import dev.cleat.server.session.ScreenFollower.Drawn;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.v1.TerminalSize;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what programs ask their terminal: once, in the order of the questions, whether or not a
 * client is attached.
 *
 * <p>An answer is typed, and what is typed when nobody waits for it ends up on a shell's line. So
 * it is given only to who reads each key, and no more once the shell has said that the command
 * ended which asked. Between a command's end and its mark in the journal the shell reads keys
 * already: with the shell itself in the foreground a question of a command waits {@link #DOUBT} for
 * the mark.
 *
 * <p>For the {@link Tracker}'s thread, without the session's lock.
 */
final class TerminalQueries {
  private static final Logger LOG = LoggerFactory.getLogger(TerminalQueries.class);

  /** A program waits for an answer before it asks for much more. */
  private static final int MOST_WAITING = 64;

  /**
   * How long it may take a shell to say that a command has ended, and a program that has asked to
   * begin to read keys.
   */
  private static final Duration DOUBT = Duration.ofMillis(250);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  /**
   * In doubt at least so often: where this process itself stood still, what was said comes later.
   */
  private static final int LEAST_LOOKS = 5;

  /**
   * How old a question may be: its screen may have to be drawn first, of a long journal. A program
   * that has not been answered by then has given up.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final QueryParser parser = new QueryParser();
  private final ArrayDeque<Query> waiting = new ArrayDeque<>(2);
  private final Terminal terminal;
  private final InputGate gate;
  private final ScreenFollower screen;
  private final Supplier<TerminalSize> size;
  private boolean inCommand;
  private long since;
  private int looks;

  /**
   * For one process.
   *
   * @param size the terminal's now
   */
  TerminalQueries(
      Terminal terminal, InputGate gate, ScreenFollower screen, Supplier<TerminalSize> size) {
    this.terminal = terminal;
    this.gate = gate;
    this.screen = screen;
    this.size = size;
  }

  /** Takes note of what these bytes of output ask for. */
  void feed(long offset, byte[] bytes, int from, int count) {
    parser.feed(offset, bytes, from, count, this::asked);
  }

  private void asked(Query query) {
    if (waiting.isEmpty()) {
      since = System.nanoTime();
      looks = 0;
    }
    if (waiting.size() < MOST_WAITING) {
      waiting.add(query);
    }
  }

  /** The session's shell said this, perhaps in bytes that have been fed with others. */
  void marked(Mark.Shell mark) {
    switch (mark.kind()) {
      case COMMAND_START -> inCommand = true;
      case COMMAND_END, PROMPT_END -> {
        // Whoever asked before has ended.
        inCommand = false;
        waiting.removeIf(query -> query.end() <= mark.start());
      }
      case PROMPT_START, CONTINUATION -> {}
    }
  }

  /**
   * All output so far has been looked at: answers what was asked in it.
   *
   * @param seq the newest event of it
   * @return when to call this again, or null when nothing waits
   */
  @Nullable Duration answer(long seq) throws InterruptedException {
    if (waiting.isEmpty()) {
      return null;
    }
    final boolean doubtful =
        terminal.readsLines() || (inCommand && terminal.foreground().isLeaders());
    if (doubtful && (looks < LEAST_LOOKS || System.nanoTime() - since < DOUBT.toNanos())) {
      looks++;
      return LOOK_AGAIN;
    }
    if (terminal.readsLines() || System.nanoTime() - since > PATIENCE.toNanos()) {
      waiting.clear();
      return null;
    }
    while (!waiting.isEmpty()) {
      final Optional<byte[]> answer = answer(waiting.getFirst(), seq);
      if (answer.isEmpty()) {
        return LOOK_AGAIN;
      }
      gate.answer(answer.get());
      waiting.removeFirst();
    }
    return null;
  }

  /** Empty when it cannot be said yet. */
  private Optional<byte[]> answer(Query question, long seq) throws InterruptedException {
    if (question.needsScreen()) {
      try {
        return screen.poll(seq, LOOK_AGAIN, drawn -> drawnAnswer(question, drawn));
      } catch (Refusal | IllegalStateException e) {
        LOG.debug("A question to the terminal is not answered yet", e);
        return Optional.empty();
      }
    }
    final TerminalSize now = size.get();
    return Optional.of(TerminalAnswers.answer(question, now.getRows(), now.getColumns(), null));
  }

  private static byte[] drawnAnswer(Query question, Drawn drawn) {
    return TerminalAnswers.answer(
        question, drawn.screen().rows(), drawn.screen().columns(), drawn.screen());
  }
}
