package dev.cleat.server.boot;

import java.util.List;

/** The configuration is wrong: every mistake in it, each with its place. */
public final class ConfigException extends Exception {
  private final List<String> problems;

  ConfigException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** One line each, at least one, such as {@code cleat.yaml:12:3: limits.sessions: …}. */
  public List<String> problems() {
    return problems;
  }
}
