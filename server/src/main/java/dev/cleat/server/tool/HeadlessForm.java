package dev.cleat.server.tool;

import com.google.re2j.Pattern;
import java.util.List;
import java.util.Optional;

/**
 * How a tool is run once for each turn.
 *
 * @param command the first turn's command
 * @param resume the command of each turn after that, which goes on with the tool's own session;
 *     empty if the tool cannot: then each turn is {@code command}, and knows nothing of the one
 *     before
 * @param input how it is given the prompt
 * @param output what it prints
 * @param sessionId finds the tool's own session id in plain output: its first group is the id, and
 *     the first match counts
 * @param token where the tool's own session id comes from
 */
public record HeadlessForm(
    Template command,
    Optional<Template> resume,
    HeadlessInput input,
    HeadlessOutput output,
    Optional<Pattern> sessionId,
    SessionToken token) {

  /** The template for a turn. */
  public Template template(boolean resuming) {
    return resuming ? resume.orElse(command) : command;
  }

  /** The arguments for the first turn, the program first. */
  public List<String> argv(TurnWords words) {
    return argv(words, false);
  }

  /** The arguments for a turn, the program first. */
  public List<String> argv(TurnWords words, boolean resuming) {
    return template(resuming).fill(words);
  }

  /** Whether images can go with a prompt. */
  public boolean takesImages() {
    return input == HeadlessInput.CLAUDE
        || (command.takesImages() && resume.map(Template::takesImages).orElse(true));
  }

  /** Whether its commands have a place for the role. */
  boolean tellsRole() {
    return command.uses(Placeholder.ROLE);
  }
}
