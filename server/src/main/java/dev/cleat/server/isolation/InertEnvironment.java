package dev.cleat.server.isolation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An environment under names that mean nothing to anyone. The programs that take privileges away
 * run with it: a caller's LD_PRELOAD must not be theirs. The last of them, env, puts the names
 * back. No value is in its arguments, which others can see.
 *
 * @param variables names that mean nothing, each with a variable and its value
 */
record InertEnvironment(Map<String, String> variables) {
  private static final String NAME = "CLEAT_ENV_";

  static InertEnvironment of(Map<String, String> environment) {
    final Map<String, String> inert = new LinkedHashMap<>();
    environment.forEach((name, value) -> inert.put(NAME + inert.size(), name + "=" + value));
    return new InertEnvironment(inert);
  }

  /**
   * What makes the variables what they are, before the program and its arguments.
   *
   * @param env the absolute path of env
   * @param options for env
   */
  List<String> restore(String env, List<String> options) {
    final StringBuilder words = new StringBuilder();
    variables.keySet().forEach(name -> words.append("-u ").append(name).append(' '));
    // What follows is no option, even where a variable's name begins like one.
    words.append("--");
    variables.keySet().forEach(name -> words.append(" ${").append(name).append('}'));
    final List<String> argv = new ArrayList<>();
    argv.add(env);
    argv.addAll(options);
    argv.add("--split-string=" + words);
    return argv;
  }
}
