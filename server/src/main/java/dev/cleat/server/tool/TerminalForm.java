package dev.cleat.server.tool;

import com.google.re2j.Pattern;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * How an agent is driven through its terminal interface: what its screen looks like when it waits
 * for a prompt, works, or asks, and which keys it takes.
 *
 * @param ready the beginning of the input line, up to where the input begins
 * @param tick what a line looks like while the tool works
 * @param tickTitle what the terminal's title looks like while the tool works
 * @param questions what it asks
 * @param failed what a line looks like that says that the turn failed; the first group says why
 * @param collapsed what stands for a long paste in the input line; groups named {@code lines} and
 *     {@code characters} count the paste's line ends and its characters
 * @param paste how a prompt is put in
 * @param submit the key that submits what stands in the input line
 * @param newline the key for a new line in a typed prompt; empty if there is none
 * @param interrupt the key that stops what the tool does
 * @param clear the key that clears the input line; it is pressed only when something stands there
 * @param quiet how long the screen must stand still, ready for input, for a turn to be over
 * @param questionAfter how long the screen must stand still, with nothing that is known on it, to
 *     be taken for a question
 * @param startTimeout how long the tool may take to be ready after its start, and to show what is
 *     typed
 * @param model words added to the command to say which model the tool is to use, with {@code
 *     {model}}; empty if it cannot be told
 * @param session words added to the command to give the tool's own session an id, with {@code
 *     {session}}; empty if it cannot be given one
 * @param resume words added to the command to go on with an earlier session of the tool's; empty if
 *     it cannot
 * @param sessionId where the tool writes down what it calls its own session, where it chooses that
 */
public record TerminalForm(
    Pattern ready,
    List<Pattern> tick,
    Optional<Pattern> tickTitle,
    List<QuestionForm> questions,
    Optional<Pattern> failed,
    Optional<Pattern> collapsed,
    Paste paste,
    String submit,
    Optional<String> newline,
    String interrupt,
    String clear,
    Duration quiet,
    Duration questionAfter,
    Duration startTimeout,
    List<String> model,
    List<String> session,
    List<String> resume,
    Optional<SessionFileForm> sessionId) {
  public TerminalForm {
    tick = List.copyOf(tick);
    questions = List.copyOf(questions);
    model = List.copyOf(model);
    session = List.copyOf(session);
    resume = List.copyOf(resume);
  }

  /**
   * Adds to a command which model the tool is to use.
   *
   * @param wanted empty for the tool's own choice
   */
  void addModel(List<String> argv, String wanted) {
    if (!wanted.isEmpty()) {
      model.forEach(word -> argv.add(Placeholder.replace(word, _ -> wanted)));
    }
  }

  /**
   * Adds to a command which session of its own the tool is to begin or to go on with.
   *
   * @param earlier the one to go on with; empty for a new one
   * @return the session; empty where the tool cannot be told
   */
  Optional<String> addSession(List<String> argv, String earlier) {
    List<String> words = earlier.isEmpty() ? session : resume;
    if (words.isEmpty()) {
      return Optional.empty();
    }
    String id = earlier.isEmpty() ? UUID.randomUUID().toString() : earlier;
    words.forEach(word -> argv.add(Placeholder.replace(word, _ -> id)));
    return Optional.of(id);
  }
}
