package dev.cleat.server.boot;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A setting: what it is called everywhere, what it may be, and what it is when nobody says.
 *
 * @param <T> the type of its values
 */
public final class ConfigKey<T> {
  private final String name;
  private final ConfigType<T> type;
  private final String description;
  private final String shownDefault;
  private final Function<Map<String, String>, Optional<String>> fallback;

  ConfigKey(
      String name,
      ConfigType<T> type,
      String description,
      String shownDefault,
      Function<Map<String, String>, Optional<String>> fallback) {
    this.name = name;
    this.type = type;
    this.description = description;
    this.shownDefault = shownDefault;
    this.fallback = fallback;
  }

  /** The path in the YAML file, such as {@code limits.input_bytes}. */
  public String name() {
    return name;
  }

  /** The environment variable, such as {@code CLEAT_LIMITS_INPUT_BYTES}. */
  public String environmentName() {
    return "CLEAT_" + name.replace('.', '_').toUpperCase(Locale.ROOT);
  }

  /** The flag with its dashes, such as {@code --limits-input-bytes}. */
  public String flag() {
    return "--" + name.replace('.', '-').replace('_', '-');
  }

  /** What stands for the value in help, such as {@code SIZE}. */
  public String placeholder() {
    return type.placeholder();
  }

  /** Whether it is true or false: its flag may come without a value, and means true then. */
  public boolean isSwitch() {
    return type.equals(ConfigType.SWITCH);
  }

  /** What it does, in a sentence or two. */
  public String description() {
    return description;
  }

  /** The default, for people. */
  public String shownDefault() {
    return shownDefault;
  }

  /** The default's text in this environment; empty if nothing is set by default. */
  Optional<String> fallback(Map<String, String> environment) {
    return fallback.apply(environment);
  }

  ConfigType<T> type() {
    return type;
  }

  /**
   * The value of a text.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  T parse(String text) {
    return type.parser().apply(text);
  }

  /** A text in the form in which it is shown. */
  String normalised(String text) {
    return type.format().apply(parse(text));
  }

  /** The name. */
  @Override
  public String toString() {
    return name;
  }
}
