package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a test configures a server with, and what comes of it. */
final class ConfigSources {
  private final Path file;
  private final Map<String, String> environment = new HashMap<>(Map.of("HOME", "/home/someone"));
  private final Map<ConfigKey<?>, String> flags = new HashMap<>();

  ConfigSources(Path folder) {
    file = folder.resolve("cleat.yaml");
  }

  /** The configuration file, which is neither there nor named at first. */
  Path file() {
    return file;
  }

  Map<String, String> environment() {
    return environment;
  }

  Map<ConfigKey<?>, String> flags() {
    return flags;
  }

  /** Writes the file, and names it by its flag. */
  void write(String yaml) {
    try {
      Files.writeString(file, yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    flags.put(ConfigKeys.CONFIG, file.toString());
  }

  LoadedConfig load() {
    try {
      return ConfigLoader.load(environment, flags);
    } catch (ConfigException e) {
      throw new AssertionError(e);
    }
  }

  /** What is wrong with them, with the file's path shortened to its name. */
  List<String> problems() {
    ConfigException e =
        catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(environment, flags));
    assertThat(e).isNotNull().hasMessage(String.join("\n", e.problems()));
    return e.problems().stream().map(line -> line.replace(file.toString(), "cleat.yaml")).toList();
  }
}
