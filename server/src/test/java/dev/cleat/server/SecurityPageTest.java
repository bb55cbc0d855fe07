package dev.cleat.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** SECURITY.md names the test that stands for each promise: there is such a test. */
class SecurityPageTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern NAME =
      Pattern.compile("`([A-Z]\\w*Test)(?:#(\\w+))?`(?<coming> \\(coming\\))?");
  private static final Pattern ANNOTATION =
      Pattern.compile("@(Test|ParameterizedTest|RepeatedTest|TestFactory)\\b");

  /** The text of every test class, by its name. */
  private static Map<String, String> tests() throws IOException {
    final Map<String, String> tests = new HashMap<>();
    for (String module :
        List.of("proto", "client", "server", "helm", "src/cli", "src/e2e", "src/bench")) {
      final Path sources = ROOT.resolve(module).resolve("src/test/java");
      if (Files.isDirectory(sources)) {
        try (Stream<Path> files = Files.walk(sources)) {
          for (Path file : files.filter(one -> one.toString().endsWith("Test.java")).toList()) {
            tests.merge(
                file.getFileName().toString().replace(".java", ""),
                Files.readString(file),
                String::concat);
          }
        }
      }
    }
    return tests;
  }

  private static boolean has(String text, String method) {
    for (int at = text.indexOf("void " + method + "(");
        at >= 0;
        at = text.indexOf("void " + method + "(", at + 1)) {
      // An empty line is before each method, its comment and its annotations.
      if (ANNOTATION.matcher(text.substring(text.lastIndexOf("\n\n", at), at)).find()) {
        return true;
      }
    }
    return false;
  }

  @Test
  void everyTestThatIsNamedIsThere() throws Exception {
    final Map<String, String> tests = tests();
    final List<MatchResult> names =
        NAME.matcher(Files.readString(ROOT.resolve("SECURITY.md"))).results().toList();
    final List<String> wrong = new ArrayList<>();
    for (MatchResult name : names) {
      final String text = tests.get(name.group(1));
      final String method = name.group(2);
      final boolean there = text != null && (method == null || has(text, method));
      if (there == (name.group("coming") != null)) {
        wrong.add(name.group());
      }
    }
    assertThat(names).hasSizeGreaterThan(50);
    assertThat(wrong).as("named and not there, or there and still said to be coming").isEmpty();
  }

  /** No row of a table of threats is without what stands for it. */
  @Test
  void everyRowOfThreatsNamesATest() throws Exception {
    final List<String> without = new ArrayList<>();
    boolean threats = false;
    for (String line : Files.readAllLines(ROOT.resolve("SECURITY.md"))) {
      threats = line.startsWith("|") && (threats || line.strip().endsWith("| test |"));
      final String last = line.strip().replaceFirst("^.*(?<!\\\\)\\|(.*)\\|$", "$1").strip();
      if (threats && !last.matches("test|-+") && !NAME.matcher(last).find()) {
        without.add(line);
      }
    }
    assertThat(without).isEmpty();
  }
}
