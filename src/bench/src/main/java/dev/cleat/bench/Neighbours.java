package dev.cleat.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Programs that do a neighbouring job, as far as they are installed: each runs a command line on a
 * terminal.
 */
final class Neighbours {
  private Neighbours() {}

  static Map<String, List<String>> wrapping(Bed bed, String commandLine, Results results) {
    final String socket = bed.folder().resolve("socket").toString();
    final Map<String, List<String>> all = new LinkedHashMap<>();
    all.put(
        "tmux",
        List.of(
            "tmux",
            "-S",
            socket,
            "-f",
            "/dev/null",
            "new-session",
            commandLine,
            ";",
            "set",
            "destroy-unattached",
            "on"));
    all.put("dtach", List.of("dtach", "-c", socket + "-dtach", "-z", "sh", "-c", commandLine));
    all.put(
        "script",
        List.of(
            "script",
            "-q",
            "-f",
            "-c",
            commandLine,
            bed.folder().resolve("typescript").toString()));
    final Map<String, List<String>> installed = new LinkedHashMap<>();
    all.forEach((name, command) -> {
      if (Bed.installed(name)) {
        installed.put(name, command);
      } else {
        results.note(name + " is not installed");
      }
    });
    return installed;
  }
}
