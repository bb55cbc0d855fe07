package dev.cleat.server.tool;

import com.google.re2j.Pattern;
import java.util.List;

/**
 * A question that a tool asks on its screen.
 *
 * @param pattern what shows that it is asked, looked for in all lines at once; its first group, if
 *     it has one, is what it is about
 * @param tool what the agent wants to use, for rules that allow it; may be empty
 * @param answers those it may offer, at least one
 */
public record QuestionForm(Pattern pattern, String tool, List<AnswerForm> answers) {
  public QuestionForm {
    answers = List.copyOf(answers);
  }
}
