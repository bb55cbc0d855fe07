package dev.cleat.server.boot;

/**
 * The text of a setting, and who gave it.
 *
 * @param text what it was set to
 * @param place where, such as {@code flag --listen} or {@code cleat.yaml:3:9}
 * @param label what a message about it begins with: the place and, where that does not say it, the
 *     setting's name
 */
record Given(String text, String place, String label) {
  static Given byDefault(ConfigKey<?> key, String text) {
    return new Given(text, "default", "default: " + key.name());
  }

  static Given byEnvironment(ConfigKey<?> key, String text) {
    String place = "environment " + key.environmentName();
    return new Given(text, place, place);
  }

  static Given byFlag(ConfigKey<?> key, String text) {
    String place = "flag " + key.flag();
    return new Given(text, place, place);
  }

  static Given byFile(ConfigKey<?> key, String text, String place) {
    return new Given(text, place, place + ": " + key.name());
  }
}
