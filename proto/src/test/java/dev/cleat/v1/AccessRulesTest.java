package dev.cleat.v1;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every call of the contract says beside it who may make it. */
class AccessRulesTest {
  private static final Path CONTRACT = Path.of("src/main/proto/cleat/v1");
  private static final Pattern CALL =
      Pattern.compile(
          "\\n  rpc (\\w+)\\([^)]*\\) returns \\([^)]*\\)(;| \\{(.*?)\\n  \\})", Pattern.DOTALL);
  private static final Pattern RULE =
      Pattern.compile(
          "option \\(access\\) = \\{\\s*role: ROLE_(VIEWER|WRITER|APPROVER|OWNER|ADMIN)"
              + "\\s*scope: ACCESS_SCOPE_(TENANT|SESSION|CALLER)");

  @Test
  void everyCallHasARuleWithARoleAndAScope() throws IOException {
    final List<String> calls = new ArrayList<>();
    final List<String> withoutRule = new ArrayList<>();
    for (String text : texts()) {
      final Matcher call = CALL.matcher(text);
      while (call.find()) {
        calls.add(call.group(1));
        if (call.group(3) == null || !RULE.matcher(call.group(3)).find()) {
          withoutRule.add(call.group(1));
        }
      }
    }
    assertThat(withoutRule).as("calls that do not say who may make them").isEmpty();
    assertThat(calls).as("as many as are declared").hasSize((int) declared()).contains("Create");
  }

  private static List<String> texts() throws IOException {
    final List<String> texts = new ArrayList<>();
    try (Stream<Path> files = Files.list(CONTRACT)) {
      for (Path file : files.sorted().toList()) {
        texts.add(Files.readString(file));
      }
    }
    return texts;
  }

  private static long declared() throws IOException {
    return texts().stream()
        .flatMap(String::lines)
        .filter(line -> line.strip().startsWith("rpc "))
        .count();
  }
}
