package dev.cleat.server.session;

import dev.cleat.server.tool.TerminalForm;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Puts one prompt into a tool's input line: piece by piece, each looked for on the screen before
 * the next; and presses Enter when all of it stands there, and nothing else. It is stepped whenever
 * the screen or the time has moved on, and has no clock and no thread.
 *
 * <p>Where Enter has no effect, the tool may have thrown it away, or not have read it yet. A second
 * one then might answer a question that comes up meanwhile. So a blank is typed first: keys are
 * read in their order, and once the blank is on the screen, Enter is known to be gone.
 *
 * <p>Confined to the session's lock.
 */
final class PromptTyping {
  /** How long something else than the prompt may stand there: the tool may draw in steps. */
  static final Duration WRONG = Duration.ofSeconds(2);

  /** How long Enter may take to show an effect. */
  static final Duration ENTER = Duration.ofSeconds(2);

  private static final Duration CLEARED = Duration.ofSeconds(10);
  private static final int MOST_CLEARS = 100;
  private static final String BLANK = " ";
  private static final String BACKSPACE = "\u007f";

  /** What sends keys to the tool. */
  interface Keyboard {
    /** False when a client has typed in the same instant: nothing was sent then. */
    boolean type(String keys);
  }

  /** How far it is. */
  sealed interface Progress {}

  /** It goes on. */
  record Going() implements Progress {}

  /** The tool has the prompt. */
  record Submitted() implements Progress {}

  /** The tool does not have the prompt, and nothing of it stands in its input line. */
  record NotSubmitted(String message) implements Progress {}

  /** It is not known whether the tool has the prompt, or will have it. */
  record Unsure(String message) implements Progress {}

  private enum State {
    PIECE,
    PIECE_SENT,
    ENTERED,
    BLANK_SENT,
    BLANK_TAKEN_BACK,
    CLEAR,
    CLEAR_SENT,
    OVER
  }

  private static final Progress GOING = new Going();

  private final TerminalForm form;
  private final TypedText text;
  private final Keyboard keyboard;
  private State state = State.PIECE;
  private int piece;
  private Instant since;
  private @Nullable Instant enteredFirst;
  private Progress afterClear = GOING;
  private String before = "";
  private int cursor;
  private int clears;

  PromptTyping(TerminalForm form, String prompt, Look look, Keyboard keyboard, Instant now) {
    this.form = form;
    this.text = new TypedText(form, prompt, look);
    this.keyboard = keyboard;
    this.since = now;
  }

  /** Whether any of it has been typed, or it is not to be typed any more. */
  boolean hasBegun() {
    return piece > 0 || state != State.PIECE;
  }

  /** The prompt is not to be submitted after all, if it has not been yet. */
  void cancel() {
    if (!hasBegun()) {
      afterClear = new NotSubmitted("it was cancelled before it was typed");
      state = State.OVER;
    } else if (enteredFirst == null && afterClear.equals(GOING)) {
      clear(new NotSubmitted("it was cancelled before it was submitted"));
    }
  }

  private void clear(Progress then) {
    afterClear = then;
    state = State.CLEAR;
  }

  /**
   * Goes on as far as the screen allows.
   *
   * @param still how long the screen has stood still
   */
  Progress step(Sight sight, Duration still, Instant now) {
    final boolean settled = still.compareTo(ScreenJudge.SETTLED) >= 0;
    return switch (state) {
      case PIECE -> {
        if (keyboard.type(text.keys(piece))) {
          state = State.PIECE_SENT;
          since = now;
        }
        yield GOING;
      }
      case PIECE_SENT -> pieceSent(sight, still, settled, now);
      case ENTERED -> entered(sight, still, settled, now);
      case BLANK_SENT, BLANK_TAKEN_BACK -> probing(sight, still, settled, now);
      case CLEAR -> {
        if (settled && isEmpty(sight)) {
          yield afterClear;
        }
        before = shown(sight);
        if (keyboard.type(form.clear())) {
          state = State.CLEAR_SENT;
          since = now;
          clears++;
        }
        yield GOING;
      }
      case CLEAR_SENT -> clearSent(sight, settled, now);
      case OVER -> afterClear;
    };
  }

  private Progress pieceSent(Sight sight, Duration still, boolean settled, Instant now) {
    if (text.shows(piece + 1, sight)) {
      if (!settled) {
        return GOING;
      }
      if (piece + 1 < text.pieces()) {
        piece++;
        state = State.PIECE;
        return step(sight, still, now);
      }
      if (keyboard.type(form.submit())) {
        state = State.ENTERED;
        since = now;
        enteredFirst = enteredFirst == null ? now : enteredFirst;
      }
      return GOING;
    }
    final boolean waited = !now.isBefore(since.plus(WRONG));
    if (waited && still.compareTo(WRONG) >= 0 && !isEmpty(sight) && text.isLike(sight)) {
      clear(
          new NotSubmitted(
              "the tool's input line did not show the prompt as it was typed; it was cleared"));
      return step(sight, still, now);
    }
    return late(now, since, "the prompt was typed, and the tool does not show it");
  }

  private Progress entered(Sight sight, Duration still, boolean settled, Instant now) {
    if (!isUntouched(sight)) {
      // Whatever is there now, no key is pressed any more.
      return settled || sight.tick().isPresent() ? new Submitted() : GOING;
    }
    if (still.compareTo(ENTER) >= 0 && !now.isBefore(since.plus(ENTER))) {
      cursor = cursor(sight);
      if (keyboard.type(BLANK)) {
        state = State.BLANK_SENT;
        since = now;
      }
    }
    return lateEnter(now);
  }

  /** Whether the prompt stands in the input line, and the cursor behind it. */
  private boolean isUntouched(Sight sight) {
    final Look look = sight.look();
    return text.isShownBy(sight) && !look.lines().get(look.cursorRow()).isBlank();
  }

  private Progress probing(Sight sight, Duration still, boolean settled, Instant now) {
    if (!isUntouched(sight)) {
      state = State.ENTERED;
      return entered(sight, still, settled, now);
    }
    if (!settled) {
      return lateEnter(now);
    }
    if (state == State.BLANK_SENT && cursor(sight) != cursor) {
      if (keyboard.type(BACKSPACE)) {
        state = State.BLANK_TAKEN_BACK;
      }
    } else if (state == State.BLANK_TAKEN_BACK && cursor(sight) == cursor) {
      if (keyboard.type(form.submit())) {
        state = State.ENTERED;
        since = now;
      }
    }
    return lateEnter(now);
  }

  private Progress lateEnter(Instant now) {
    return late(
        now,
        enteredFirst == null ? since : enteredFirst,
        "Enter was pressed, and the tool does not react");
  }

  private Progress late(Instant now, Instant from, String message) {
    return now.isBefore(from.plus(form.startTimeout())) ? GOING : new Unsure(message);
  }

  private Progress clearSent(Sight sight, boolean settled, Instant now) {
    if (settled && isEmpty(sight)) {
      return afterClear;
    }
    if (settled && clears < MOST_CLEARS && !shown(sight).equals(before)) {
      // One line of several is gone.
      state = State.CLEAR;
    }
    return now.isBefore(since.plus(CLEARED))
        ? GOING
        : new Unsure("the prompt could not be taken out of the tool's input line again");
  }

  private static boolean isEmpty(Sight sight) {
    return sight.input().isPresent() && sight.input().get().empty();
  }

  private static String shown(Sight sight) {
    return sight.input().map(Sight.Input::text).orElse("");
  }

  private static int cursor(Sight sight) {
    return sight.look().cursorRow() * sight.look().columns() + sight.look().cursorColumn();
  }

  /** When to step again at the latest, should the screen not change. */
  Instant next(Instant now) {
    return now.plus(WRONG);
  }
}
