package dev.cleat.server.tool;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The clean environment that sessions start from.
 *
 * <p>Of the server's own environment it takes the few variables that say who and where a process
 * is; nothing else of it gets into a session.
 */
final class LaunchEnvironment {
  private static final String DEFAULT_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final List<String> TAKEN =
      List.of("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TZ");

  private final Map<String, String> base = new LinkedHashMap<>();
  private final Map<String, String> locale = new LinkedHashMap<>();

  LaunchEnvironment(Map<String, String> server, Os os) {
    base.put("PATH", DEFAULT_PATH);
    base.put("HOME", System.getProperty("user.home", "/"));
    base.put("USER", System.getProperty("user.name", "nobody"));
    base.put("SHELL", "/bin/sh");
    server.forEach((name, value) -> {
      if (TAKEN.contains(name) && !value.isEmpty()) {
        base.put(name, value);
      } else if (isLocale(name)) {
        locale.put(name, value);
      }
    });
    base.putIfAbsent("LOGNAME", base.getOrDefault("USER", "nobody"));
    if (locale.isEmpty()) {
      // Output is UTF-8 for everybody who reads it; without a locale most programs would not print
      // it.
      locale.put("LANG", os == Os.MACOS ? "en_US.UTF-8" : "C.UTF-8");
    }
  }

  private static boolean isLocale(String name) {
    return name.equals("LANG") || name.startsWith("LC_");
  }

  /** The variables of a session's process: the caller's over the tool's over the clean base. */
  Map<String, String> of(Mode mode, Map<String, String> tool, Map<String, String> caller) {
    Map<String, String> environment = new LinkedHashMap<>(base);
    environment.put("TERM", mode == Mode.PTY ? "xterm-256color" : "dumb");
    if (mode == Mode.PTY) {
      environment.put("COLORTERM", "truecolor");
    }
    Map<String, String> wanted = new LinkedHashMap<>(tool);
    wanted.putAll(caller);
    if (wanted.keySet().stream().noneMatch(LaunchEnvironment::isLocale)) {
      // Not mixed with another locale: the server's LC_ALL would silently win over a caller's LANG.
      environment.putAll(locale);
    }
    environment.putAll(wanted);
    return environment;
  }

  /**
   * The program that a name stands for.
   *
   * @param name a name to look for in PATH, or an absolute path
   * @param workdir what relative entries of PATH are relative to
   */
  static Optional<Path> program(String name, Map<String, String> environment, Path workdir) {
    if (name.startsWith("/")) {
      return executable(Path.of(name));
    }
    for (String folder : environment.getOrDefault("PATH", DEFAULT_PATH).split(":", -1)) {
      Optional<Path> program;
      try {
        program = executable(workdir.resolve(folder).resolve(name));
      } catch (InvalidPathException e) {
        // No such folder can exist.
        program = Optional.empty();
      }
      if (program.isPresent()) {
        return program;
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> executable(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path)
        ? Optional.of(path)
        : Optional.empty();
  }
}
