package dev.cleat.server.session;

import dev.cleat.server.terminal.Foreground;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Whether a tool would take a prompt now, and nothing else would be typed over or merged with it.
 *
 * <p>For a shell with marks: it is at its prompt, and no client has typed since the last command
 * began, or what it typed has left no trace behind the prompt (a shell echoes what is on its line).
 * After an interrupt the shell is first made to show another prompt: its line editor may keep a
 * signal until the next key, and throw away what that key belongs to. That takes an Enter, which
 * would run what is on the line: it is pressed only where there is nothing. For a shell without
 * marks: it has been still for long enough, with the shell itself in the foreground, and waiting,
 * where that can be known. That a command has ended takes two such looks: at the first, what it
 * printed last may be on its way.
 *
 * <p>Confined to the session's lock.
 */
final class Readiness {
  /** How long after a client has typed its echo must have come, if the shell is at its prompt. */
  static final Duration ECHO = Duration.ofMillis(200);

  private static final byte[] ENTER = "\r".getBytes(StandardCharsets.US_ASCII);

  /** What an interrupt leaves to be done. */
  private enum Aftermath {
    NONE,
    ANOTHER_PROMPT,
    QUIET
  }

  private final TypedTurns.Host host;
  private final Duration stillness;
  private boolean prompt;
  private boolean promptBegun;
  private int serial = -1;
  private long promptEnd;
  private long inputsAtCommand;
  private @Nullable Evidence command;
  private Aftermath aftermath = Aftermath.NONE;
  private boolean halted;
  private boolean still;
  private long inputsAtStillness;
  private Instant lastPrinted;

  /** When the shell was first found waiting, with nothing printed since; null if it was not. */
  private @Nullable Instant waitsSince;

  Readiness(TypedTurns.Host host, Duration stillness) {
    this.host = host;
    this.stillness = stillness;
    this.lastPrinted = host.now();
    this.inputsAtCommand = host.clientInputs();
  }

  /**
   * The turn was handed over in another life of the server, at a prompt whose number is not known:
   * only one that is said to begin is a new one.
   */
  void restored() {
    serial = Integer.MAX_VALUE;
  }

  /**
   * The shell is about to print a prompt: what follows is a new one, and not one that is drawn
   * anew.
   */
  void promptBegun() {
    promptBegun = true;
    // Its end follows, though the shell may have been silent for long before.
    lastPrinted = host.now();
  }

  /** Whether the prompt that has just been shown is a new one. */
  boolean isNewPrompt(OptionalInt number) {
    return promptBegun || number.orElse(-1) > serial;
  }

  void promptShown(long endOffset, OptionalInt number) {
    prompt = true;
    promptBegun = false;
    serial = number.orElse(serial);
    promptEnd = endOffset;
    command = null;
  }

  /** A prompt was begun whose end never came: its user's own prompt command has replaced it. */
  boolean isPromptWithoutEnd() {
    return promptBegun && isQuiet(stillness);
  }

  private boolean isQuiet(Duration time) {
    return !host.now().isBefore(lastPrinted.plus(time));
  }

  /**
   * A prompt is going to be typed, unless a client types first.
   *
   * @param inputs how often clients had typed when it was decided
   */
  void submitted(long inputs) {
    prompt = false;
    stir(host.now());
    inputsAtCommand = inputs;
  }

  /** A client did: the shell is still at its own prompt. */
  void notSubmitted() {
    prompt = true;
  }

  /** What runs, or the shell at its prompt, was interrupted. */
  void interrupted() {
    aftermath = Aftermath.ANOTHER_PROMPT;
  }

  boolean commandRunning() {
    return command != null;
  }

  /** Where the running command's output began, or null. */
  @Nullable Evidence command() {
    return command;
  }

  void commandStarted(Evidence at) {
    command = at;
    prompt = false;
    inputsAtCommand = host.clientInputs();
  }

  void commandEnded() {
    command = null;
    prompt = false;
  }

  void printed(Instant time) {
    stir(time);
  }

  private void stir(Instant time) {
    lastPrinted = time;
    still = false;
    waitsSince = null;
  }

  /**
   * Whether the shell is at its prompt, and nothing is on its line.
   *
   * @param inputs what {@link TypedTurns.Host#clientInputs} was before anything else was looked at
   */
  boolean atPrompt(long inputs) {
    if (!prompt) {
      return false;
    }
    if (aftermath == Aftermath.QUIET && isQuiet(ECHO)) {
      aftermath = Aftermath.NONE;
    }
    return aftermath == Aftermath.NONE && lineIsEmpty(inputs);
  }

  /** After an interrupt, has the shell show another prompt as soon as nothing is on its line. */
  void showAnotherPrompt(long inputs) {
    if (prompt
        && aftermath == Aftermath.ANOTHER_PROMPT
        && lineIsEmpty(inputs)
        && host.type(ENTER, inputs) == InputGate.Typed.TAKEN) {
      aftermath = Aftermath.QUIET;
      prompt = false;
      lastPrinted = host.now();
    }
  }

  private boolean lineIsEmpty(long inputs) {
    return inputs == inputsAtCommand
        || (host.outputBytes() <= promptEnd && host.sinceClientInput().compareTo(ECHO) >= 0);
  }

  void judgeStillness() {
    if (host.isPaused()) {
      // It is not known what it would have printed.
      halted = true;
      still = false;
      return;
    }
    if (halted) {
      halted = false;
      stir(host.now());
    }
    inputsAtStillness = host.clientInputs();
    if (!waits(host.foreground())) {
      still = false;
      waitsSince = null;
      return;
    }
    if (waitsSince == null) {
      waitsSince = host.now();
    }
    still = isQuiet(stillness) && host.sinceClientInput().compareTo(stillness) >= 0;
  }

  private static boolean waits(Foreground foreground) {
    return foreground == Foreground.LEADER || foreground == Foreground.UNKNOWN;
  }

  /** Whether it is still, and was found so before: what a command printed last has come. */
  boolean hasSettled() {
    final Instant since = waitsSince;
    return still && since != null && !host.now().isBefore(since.plus(settling()));
  }

  /** How long what was printed may be on its way. */
  private Duration settling() {
    final Duration half = stillness.dividedBy(2);
    return half.compareTo(ECHO) < 0 ? half : ECHO;
  }

  /** Whether it is still, and no client has typed since that was found. */
  boolean still(long inputs) {
    return still && inputs == inputsAtStillness;
  }

  /** When waiting alone may have made it ready; null when something must happen first. */
  @Nullable Instant nextLook(Prompting.Kind kind) {
    final Instant now = host.now();
    return switch (kind) {
      case MARKS -> {
        if (promptBegun) {
          yield later(lastPrinted.plus(stillness), now);
        }
        yield prompt ? now.plus(ECHO) : null;
      }
      case STILLNESS -> nextLookForStillness(now);
      case NONE -> null;
    };
  }

  private Instant nextLookForStillness(Instant now) {
    final Instant since = waitsSince;
    if (since == null) {
      final Duration first = stillness.minus(settling());
      final Instant due = lastPrinted.plus(first);
      return due.isAfter(now) ? due : now.plus(first);
    }
    final Instant quiet = lastPrinted.plus(stillness);
    final Instant settled = since.plus(settling());
    return later(quiet.isAfter(settled) ? quiet : settled, now);
  }

  private Instant later(Instant due, Instant now) {
    return due.isAfter(now) ? due : now.plus(stillness);
  }
}
