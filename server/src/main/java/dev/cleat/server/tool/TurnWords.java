package dev.cleat.server.tool;

import java.nio.file.Path;
import java.util.List;

/**
 * What is put in the place of a template's placeholders.
 *
 * @param prompt for {@code {prompt}}
 * @param session for {@code {session}}: the tool's own session; empty if it has none yet
 * @param model for {@code {model}}; empty for the tool's own choice
 * @param workdir for {@code {workdir}}
 * @param role for {@code {role}}; empty for none
 * @param images for {@code {image}}, one after the other
 */
public record TurnWords(
    String prompt, String session, String model, Path workdir, String role, List<Path> images) {
  public TurnWords {
    images = List.copyOf(images);
  }

  /** These, for another session of the tool's. */
  TurnWords withSession(String other) {
    return new TurnWords(prompt, other, model, workdir, role, images);
  }

  /** Without the prompt: it is nobody's but the tool's. */
  @Override
  public String toString() {
    return "TurnWords[session=" + session + ", model=" + model + ", images=" + images.size() + "]";
  }
}
