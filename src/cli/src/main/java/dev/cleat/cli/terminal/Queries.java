package dev.cleat.cli.terminal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Knows the escape sequences that a terminal answers: device status, attributes, colours, sizes. A
 * terminal that shows old output must not see them, or it would type the answers into the session.
 */
final class Queries {
  /** A control character that some terminals answer with what they are set to. */
  static final byte ENQUIRY = 0x05;

  private static final String NUMBERS = "[\\d;:]*";

  private static final List<Pattern> ALL =
      List.of(
          Pattern.compile("\033Z"),
          sequence("[>=]?" + NUMBERS + "c"), // attributes
          sequence("\\??" + NUMBERS + "n"), // status, cursor position
          sequence("\\??" + NUMBERS + "\\$p"), // whether a mode is set
          sequence(NUMBERS + "\\$[uw]"), // state, cursor, tabs
          sequence(NUMBERS + "\\*y"), // checksum of what is shown
          sequence(NUMBERS + "(&u|\"v|'\\||#\\||#R)"), // characters, window, mouse, colours
          sequence(">" + NUMBERS + " ?q"), // name and version, cursors
          sequence("\\?" + NUMBERS + "[gmuS]"), // what keys send, graphics
          sequence(NUMBERS + "x"), // parameters
          sequence("(11|13|14|15|16|18|19|20|21)(;\\d*)*t"), // window
          // Colours, fonts, the clipboard, … In titles, links and the like it means nothing.
          string("\\](?!([012789]|133|633|777);).*[;=]\\?.*"),
          string("\\](60|61)\\b.*"), // what is allowed
          string("\\]1337;(Report|Capabilities|Request).*"), // of iTerm2
          string("\\]5522;.*"), // the clipboard of kitty
          string("P[\\d;]*[$+][qQ].*"), // settings, capabilities, resources
          string("P@kitty.*"), // remote control
          string("_G([^;]*,)?a=q.*")); // whether there are pictures

  /** Strings that may be long, and are no questions then. */
  private static final Pattern LONG = string("(P|\\](0|1|2|8|1337);|\\]52;[^;]*;[^?]|_G[^;]*;).*");

  private static final Pattern PICTURE = string("_G.*");

  private Queries() {}

  private static Pattern sequence(String inner) {
    return Pattern.compile("\033\\[" + inner);
  }

  private static Pattern string(String inner) {
    return Pattern.compile("\033" + inner, Pattern.DOTALL);
  }

  static boolean isOne(byte[] bytes, int length) {
    String sequence = text(bytes, length);
    return ALL.stream().anyMatch(query -> query.matcher(sequence).matches());
  }

  /** Whether what begins like this is no question, however it goes on. */
  static boolean beginsNone(byte[] bytes, int length) {
    return LONG.matcher(text(bytes, length)).matches() && !isOne(bytes, length);
  }

  /** The same, but a picture of kitty's, which the terminal confirms, says that it shall not. */
  static byte[] withoutAnswer(byte[] bytes, int length) {
    String sequence = text(bytes, length);
    if (!PICTURE.matcher(sequence).matches()) {
      return Arrays.copyOf(bytes, length);
    }
    int end = sequence.indexOf(';');
    if (end < 0) {
      end = Math.max("\033_G".length(), length - (sequence.endsWith("\033\\") ? 2 : 1));
    }
    String quiet = sequence.charAt(end - 1) == 'G' ? "q=2" : ",q=2";
    return (sequence.substring(0, end) + quiet + sequence.substring(end))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }
}
