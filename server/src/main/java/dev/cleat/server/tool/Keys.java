package dev.cleat.server.tool;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of keys, and what a terminal sends for them. */
final class Keys {
  private static final Pattern CONTROL = Pattern.compile("ctrl-([a-z])");
  private static final Map<String, String> NAMED =
      Map.of(
          "enter", "\r",
          "escape", "\u001b",
          "tab", "\t",
          "shift-tab", "\u001b[Z",
          "backspace", "\u007f",
          "up", "\u001b[A",
          "down", "\u001b[B",
          "right", "\u001b[C",
          "left", "\u001b[D");

  /** What a key may be, in words. */
  static final String KNOWN =
      "a single character, ctrl-a to ctrl-z, or one of "
          + String.join(", ", NAMED.keySet().stream().sorted().toList());

  private Keys() {}

  /** What is sent for a key; empty if there is none of this name. */
  static Optional<String> sent(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    Matcher control = CONTROL.matcher(key);
    if (control.matches()) {
      return Optional.of(Character.toString(control.group(1).charAt(0) - 'a' + 1));
    }
    if (name.codePointCount(0, name.length()) == 1
        && !Character.isISOControl(name.codePointAt(0))) {
      return Optional.of(name);
    }
    return Optional.ofNullable(NAMED.get(key));
  }
}
