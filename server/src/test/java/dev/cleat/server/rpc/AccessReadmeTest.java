package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.AccessScope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README's table of roles is what the contract says. */
class AccessReadmeTest {
  private static final Pattern NAME = Pattern.compile("`(\\w+)`");

  @Test
  void tableSaysWhatTheContractSays() throws Exception {
    final List<String> lines = Files.readAllLines(Path.of("..", "README.md"));
    final int head = lines.indexOf("| role | on sessions | in the tenant |");
    final List<String> said = new ArrayList<>();
    for (String line : lines.subList(head + 2, head + 7)) {
      final String[] cells = line.split("\\|", -1);
      final String role = cells[1].strip();
      names(cells[2]).forEach(name -> said.add(role + " on a session " + name));
      names(cells[3]).forEach(name -> said.add(role + " in the tenant " + name));
    }
    assertThat(said)
        .containsExactlyInAnyOrderElementsOf(
            Contract.calls().stream()
                .filter(call -> call.rule().getScope() != AccessScope.ACCESS_SCOPE_CALLER)
                .map(AccessReadmeTest::rule)
                .toList());
  }

  private static List<String> names(String cell) {
    return NAME.matcher(cell).results().map((MatchResult found) -> found.group(1)).toList();
  }

  private static String rule(Contract.Call call) {
    return call.rule().getRole().name().replace("ROLE_", "").toLowerCase(Locale.ROOT)
        + (call.rule().getScope() == AccessScope.ACCESS_SCOPE_SESSION
            ? " on a session "
            : " in the tenant ")
        + call.name();
  }
}
