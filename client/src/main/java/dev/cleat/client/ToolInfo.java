package dev.cleat.client;

import dev.cleat.v1.PromptWay;
import dev.cleat.v1.Tool;
import java.util.List;

/**
 * A tool of the catalogue. Immutable.
 *
 * @param raw everything there is, as the contract has it; the other methods read from it
 */
public record ToolInfo(Tool raw) {

  /** How a tool takes prompts. */
  public enum Way {
    /** A way that this version of the library does not know. */
    UNKNOWN,
    /** By the Agent Client Protocol. */
    ACP,
    /** One command for each turn. */
    HEADLESS,
    /** Typed, as by a person. */
    TERMINAL
  }

  /** How the end of a prompt that was typed is found. */
  public enum Style {
    /** It takes none, or a style that this version of the library does not know. */
    UNKNOWN,
    /** It marks prompts and commands: ends and exit codes are exact. */
    MARKS,
    /** By stillness. */
    STILLNESS,
    /** By what its screen shows. */
    SCREEN
  }

  /** Its name in the catalogue. */
  public String name() {
    return raw.getName();
  }

  /** What it is, in one line; may be empty. */
  public String description() {
    return raw.getDescription();
  }

  /** Whether its program is installed on the server. */
  public boolean installed() {
    return raw.getInstalled();
  }

  /** The ways in which it takes prompts, best first. */
  public List<Way> ways() {
    return ways(raw.getPromptWaysList());
  }

  /** Those of its ways whose programs are installed on the server, best first. */
  public List<Way> availableWays() {
    return ways(raw.getAvailableWaysList());
  }

  /** How the end of a prompt that was typed is found. */
  public Style style() {
    return Names.of(Style.class, "PROMPT_STYLE_", raw.getPromptStyle(), Style.UNKNOWN);
  }

  /**
   * What it prints when asked for its version: one line. Empty where it says none, and in a list of
   * tools without versions.
   */
  public String version() {
    return raw.getVersion();
  }

  /**
   * Where its program is on the server; empty where it is not installed, and for callers who are no
   * administrators.
   */
  public String path() {
    return raw.getPath();
  }

  private static List<Way> ways(List<PromptWay> ways) {
    return ways.stream().map(way -> Names.of(Way.class, "PROMPT_WAY_", way, Way.UNKNOWN)).toList();
  }

  @Override
  public String toString() {
    return "ToolInfo[name=" + name() + ", installed=" + installed() + ", ways=" + ways() + "]";
  }
}
