package dev.cleat.cli.terminal;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeSet;

/**
 * What a program has switched on a terminal, as far as it would be in the way of whoever uses the
 * terminal next: the alternate screen, mouse reports, a hidden cursor … Confined to one thread.
 */
final class ScreenModes {
  /** DEC private modes, and whether they are on by default. */
  private static final Map<Integer, Boolean> KNOWN =
      Map.ofEntries(
          Map.entry(1, false), // cursor keys send application codes
          Map.entry(5, false), // reverse video
          Map.entry(6, false), // origin
          Map.entry(7, true), // wrap
          Map.entry(9, false), // mouse reports, of several kinds
          Map.entry(25, true), // cursor
          Map.entry(47, false), // alternate screen, of several kinds
          Map.entry(1000, false),
          Map.entry(1001, false),
          Map.entry(1002, false),
          Map.entry(1003, false),
          Map.entry(1004, false), // focus reports
          Map.entry(1005, false),
          Map.entry(1006, false),
          Map.entry(1015, false),
          Map.entry(1016, false),
          Map.entry(1047, false),
          Map.entry(1049, false),
          Map.entry(2004, false), // bracketed paste
          Map.entry(2026, false), // updates held back
          Map.entry(2031, false), // colour scheme reports
          Map.entry(2048, false)); // size reports

  private static final String CSI = "\033[";

  private final TreeSet<Integer> changed = new TreeSet<>();
  private boolean applicationKeypad;
  private boolean scrollRegion;
  private boolean cursorShape;
  private int keyboardModes; // pushed by the kitty keyboard protocol

  /** A whole escape sequence was printed. */
  void printed(byte[] bytes, int length) {
    String sequence = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    if (sequence.startsWith(CSI) && length > 2) {
      controlSequence(sequence.substring(2, length - 1), sequence.charAt(length - 1));
    } else if (sequence.equals("\033c")) {
      reset();
    } else if (sequence.equals("\033=") || sequence.equals("\033>")) {
      applicationKeypad = sequence.endsWith("=");
    }
  }

  private void controlSequence(String parameters, char last) {
    if (parameters.startsWith("?") && (last == 'h' || last == 'l')) {
      for (String number : parameters.substring(1).split(";", -1)) {
        set(number, last == 'h');
      }
    } else if (parameters.equals("!") && last == 'p') {
      reset();
    } else if (last == 'r' && parameters.matches("[\\d;]*")) {
      scrollRegion = !parameters.isEmpty();
    } else if (last == 'q' && parameters.endsWith(" ")) {
      cursorShape = true;
    } else if (last == 'u' && parameters.startsWith(">")) {
      keyboardModes++;
    } else if (last == 'u' && parameters.startsWith("<")) {
      keyboardModes = Math.max(0, keyboardModes - number(parameters.substring(1), 1));
    }
  }

  private void set(String number, boolean on) {
    int mode = number(number, 0);
    Boolean byDefault = KNOWN.get(mode);
    if (byDefault == null) {
      return;
    }
    if (byDefault == on) {
      changed.remove(mode);
    } else {
      changed.add(mode);
    }
  }

  private void reset() {
    changed.clear();
    applicationKeypad = false;
    scrollRegion = false;
    keyboardModes = 0;
  }

  /** What switches everything back, colours and character sets included. */
  String undo() {
    StringBuilder undo = new StringBuilder();
    if (keyboardModes > 0) {
      undo.append(CSI).append('<').append(keyboardModes).append('u');
    }
    if (scrollRegion) {
      undo.append("\0337").append(CSI).append("r\0338");
    }
    // The alternate screen after the mouse: its number is among the highest.
    for (int mode : changed) {
      boolean byDefault = KNOWN.getOrDefault(mode, false);
      undo.append(CSI).append('?').append(mode).append(byDefault ? 'h' : 'l');
    }
    if (applicationKeypad) {
      undo.append("\033>");
    }
    if (cursorShape) {
      undo.append(CSI).append("0 q");
    }
    return undo.append(CSI).append("0m\033(B\017").toString();
  }

  private static int number(String text, int otherwise) {
    return text.matches("\\d{1,6}") ? Integer.parseInt(text) : otherwise;
  }
}
