package dev.cleat.server.session;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import dev.cleat.server.tool.AnswerForm;
import dev.cleat.server.tool.QuestionForm;
import dev.cleat.server.tool.TerminalForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a look at a terminal's screen says, by the patterns of its tool. Pure.
 *
 * @param input what stands in the input line; empty when there is no input line to be seen
 * @param tick the sign of work that is there
 * @param question the question that is asked, if it is one that is known
 */
record Sight(Look look, Optional<Input> input, Optional<String> tick, Optional<Asked> question) {

  /**
   * An input line, which may go over several lines of the screen.
   *
   * @param row where it begins
   * @param text from its beginning to the end of the line that the cursor is in
   * @param empty whether nothing has been typed into it
   */
  record Input(int row, String text, boolean empty) {}

  /**
   * A question.
   *
   * @param about what it is about, in one line
   * @param text its lines as they stand on the screen
   */
  record Asked(QuestionForm form, String about, String text, List<Offered> answers) {}

  /** An answer that is offered, and what it is called on the screen. */
  record Offered(AnswerForm form, String name) {}

  static Sight of(TerminalForm form, Look look) {
    final Optional<Input> input = input(form.ready(), look);
    final boolean ready = input.isPresent() && input.get().empty();
    return new Sight(
        look, input, tick(form, look), ready ? Optional.empty() : question(form, look));
  }

  /** Whether a prompt could be typed, were nothing else the matter. */
  boolean isReady() {
    return input.isPresent() && input.get().empty();
  }

  private static Optional<Input> input(Pattern ready, Look look) {
    for (int row = Math.min(look.cursorRow(), look.lines().size() - 1); row >= 0; row--) {
      final String line = look.lines().get(row);
      // The blank behind the prompt may be one that was cut off at the line's end.
      final Matcher matcher = ready.matcher(line + " ");
      if (matcher.find()) {
        return Optional.of(input(look, row, Math.min(matcher.end(), line.length())));
      }
    }
    return Optional.empty();
  }

  private static Input input(Look look, int row, int begin) {
    final StringBuilder text = new StringBuilder(look.lines().get(row).substring(begin));
    for (int next = row + 1; next <= look.cursorRow(); next++) {
      text.append('\n').append(look.lines().get(next));
    }
    final boolean blank = text.chars().allMatch(c -> Character.isWhitespace(c) || c == '\u00a0');
    final boolean hint = look.hint() && look.cursorColumn() <= begin;
    return new Input(row, text.toString(), look.cursorRow() == row && (blank || hint));
  }

  private static Optional<String> tick(TerminalForm form, Look look) {
    final Optional<String> title = form.tickTitle().flatMap(pattern -> find(pattern, look.title()));
    if (title.isPresent()) {
      return title;
    }
    for (Pattern pattern : form.tick()) {
      for (String line : look.lines()) {
        final Optional<String> found = find(pattern, line);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> find(Pattern pattern, String text) {
    final Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group().strip()) : Optional.empty();
  }

  private static Optional<Asked> question(TerminalForm form, Look look) {
    final String screen = String.join("\n", look.lines()).stripTrailing();
    for (QuestionForm question : form.questions()) {
      final Matcher matcher = question.pattern().matcher(screen);
      if (matcher.find()) {
        // What is above is what the tool did before.
        final String text = screen.substring(matcher.start());
        final List<Offered> offered = new ArrayList<>();
        for (AnswerForm answer : question.answers()) {
          final Matcher there = answer.pattern().matcher(text);
          if (there.find()) {
            offered.add(new Offered(answer, named(there)));
          }
        }
        return Optional.of(new Asked(question, named(matcher), text, offered));
      }
    }
    return Optional.empty();
  }

  /** The first group of what was found, in one line; all of it where there is no group. */
  private static String named(Matcher found) {
    final String group = found.groupCount() == 0 ? null : found.group(1);
    return (group == null ? found.group() : group).replaceAll("\\s+", " ").strip();
  }

  /** Why the turn failed, if the tool says so in what it answered. */
  Optional<String> failure(TerminalForm form) {
    return form.failed()
        .flatMap(pattern ->
            answerLines(form).stream()
                .map(pattern::matcher)
                .filter(Matcher::find)
                .map(Sight::named)
                .findFirst());
  }

  /** What the tool answered, as far as it is on the screen. */
  String answer(TerminalForm form) {
    return String.join("\n", answerLines(form)).strip();
  }

  /** What stands between the last prompt and the input line, without lines that only divide. */
  private List<String> answerLines(TerminalForm form) {
    final int end = input.map(Input::row).orElse(look.lines().size());
    int begin = 0;
    for (int row = 0; row < end; row++) {
      if (isPrompt(form, look.lines().get(row))) {
        begin = row + 1;
      }
    }
    return look.lines().subList(begin, end).stream()
        .filter(line -> line.isEmpty() || line.codePoints().anyMatch(Character::isLetterOrDigit))
        .toList();
  }

  /** Whether a line begins as the input line does; the blank in it may be another one. */
  private boolean isPrompt(TerminalForm form, String line) {
    if (form.ready().matcher(line + " ").find()) {
      return true;
    }
    if (input.isEmpty()) {
      return false;
    }
    final Matcher here = form.ready().matcher(look.lines().get(input.get().row()) + " ");
    return here.find()
        && here.start() == 0
        && line.replace('\u00a0', ' ').startsWith(here.group().replace('\u00a0', ' '));
  }
}
