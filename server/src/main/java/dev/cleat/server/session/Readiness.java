package dev.cleat.server.session;

import dev.cleat.server.terminal.Foreground;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whether a tool would take a prompt now, and nothing else would be typed over or merged with it.
 *
 * <p>For a shell with marks: it is at its prompt, and no client has typed since the last command
 * began, or what it typed has left no trace behind the prompt (a shell echoes what is on its line).
 * For a shell without marks: it has been still for long enough, with the shell itself in the
 * foreground where that can be known.
 *
 * <p>Confined to the session's lock.
 */
final class Readiness {
  private final Turns.Host host;
  private boolean prompt;
  private long promptEnd;
  private long inputsAtCommand;
  private @Nullable Evidence command;
  private boolean still;
  private Instant lastPrinted;

  Readiness(Turns.Host host) {
    this.host = host;
    this.lastPrinted = host.now();
    this.inputsAtCommand = host.clientInputs();
  }

  void promptShown(long endOffset) {
    prompt = true;
    promptEnd = endOffset;
  }

  /** The prompt that is shown now has been shown before: the shell has only drawn it anew. */
  boolean shownAlready() {
    return prompt;
  }

  void submitted() {
    prompt = false;
    still = false;
    lastPrinted = host.now();
    inputsAtCommand = host.clientInputs();
  }

  /** A client typed just when a prompt was to be: the prompt is still shown. */
  void clientTyped() {
    prompt = true;
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
    lastPrinted = time;
    still = false;
  }

  boolean atPrompt() {
    if (!prompt) {
      return false;
    }
    if (host.clientInputs() == inputsAtCommand) {
      return true;
    }
    return host.outputBytes() <= promptEnd && host.sinceClientInput().compareTo(Turns.ECHO) >= 0;
  }

  void judge(Instant now, Duration stillness) {
    still =
        !now.isBefore(lastPrinted.plus(stillness))
            && host.sinceClientInput().compareTo(stillness) >= 0
            && host.foreground() != Foreground.OTHER;
  }

  boolean still() {
    return still;
  }

  /** When waiting alone may have made it ready. */
  @Nullable Instant nextLook(Instant now, Prompting prompting) {
    return switch (prompting.kind()) {
      case MARKS -> prompt && !atPrompt() ? now.plus(Turns.ECHO) : null;
      case STILLNESS -> {
        final Instant due = lastPrinted.plus(prompting.stillness());
        yield due.isAfter(now) ? due : now.plus(prompting.stillness());
      }
      case NONE -> null;
    };
  }
}
