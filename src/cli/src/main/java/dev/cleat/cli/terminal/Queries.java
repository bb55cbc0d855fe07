package dev.cleat.cli.terminal;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Knows the escape sequences that a terminal answers: device status, attributes, colours, sizes. A
 * terminal that shows old output must not see them, or it would type the answers into the session.
 */
final class Queries {
  private static final List<Pattern> ALL =
      List.of(
          Pattern.compile("\033Z"),
          Pattern.compile("\033\\[[>=]?[\\d;]*c"), // attributes
          Pattern.compile("\033\\[\\??[\\d;]*n"), // status, cursor position
          Pattern.compile("\033\\[\\??[\\d;]*\\$p"), // whether a mode is set
          Pattern.compile("\033\\[>[\\d;]*q"), // name and version
          Pattern.compile("\033\\[\\?u"), // keyboard modes
          Pattern.compile("\033\\[\\?[\\d;]*S"), // graphics
          Pattern.compile("\033\\[\\d*x"), // parameters
          Pattern.compile("\033\\[(11|13|14|15|16|18|19|20|21)(;\\d*)*t"), // window
          Pattern.compile("\033\\][^\007\033]*;\\?(\007|\033\\\\)", Pattern.DOTALL), // colours
          Pattern.compile("\033P[$+]q.*", Pattern.DOTALL)); // settings, capabilities

  private Queries() {}

  static boolean isOne(byte[] bytes, int length) {
    String sequence = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    return ALL.stream().anyMatch(query -> query.matcher(sequence).matches());
  }
}
