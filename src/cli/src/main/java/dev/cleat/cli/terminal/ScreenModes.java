package dev.cleat.cli.terminal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
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
          Map.entry(8, true), // keys repeat
          Map.entry(9, false), // mouse reports, of several kinds
          Map.entry(25, true), // cursor
          Map.entry(45, false), // wrap backwards
          Map.entry(47, false), // alternate screen, of several kinds
          Map.entry(67, false), // what the backspace key sends
          Map.entry(69, false), // margins at the sides
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
          Map.entry(2048, false), // size reports
          Map.entry(9001, false)); // keys as Windows has them

  /** Modes without a question mark, likewise. */
  private static final Map<Integer, Boolean> KNOWN_ANSI =
      Map.of(
          2, false, // keyboard locked
          4, false, // insert
          12, true, // no echo of its own
          20, false); // line feeds begin a line

  private static final int KEYPAD = 66;
  private static final int LAST_KEY_FORMAT = 9;
  private static final List<Integer> ALTERNATE = List.of(47, 1047, 1049);
  private static final String CSI = "\033[";

  private final TreeSet<Integer> changed = new TreeSet<>();
  private final TreeSet<Integer> changedAnsi = new TreeSet<>();
  private final TreeSet<Integer> keyFormats = new TreeSet<>(); // modifyOtherKeys and its like
  private boolean applicationKeypad;
  private boolean scrollRegion;
  private boolean cursorShape;

  /** By the kitty keyboard protocol, on the main and on the alternate screen: pushed … */
  private final int[] keyboardModes = new int[2];

  /** … and set without that. */
  private final boolean[] keyboardSet = new boolean[2];

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
    boolean dec = parameters.startsWith("?");
    if (last == 'h' || last == 'l') {
      for (String number : parameters.substring(dec ? 1 : 0).split(";", -1)) {
        set(dec, number(number, 0), last == 'h');
      }
    } else if (last == 'r' && parameters.matches("[\\d;]*")) {
      scrollRegion = !parameters.isEmpty();
    } else if (last == 'q' && parameters.endsWith(" ")) {
      cursorShape = true;
    } else if (last == 'm' && parameters.startsWith(">")) {
      formatKeys(parameters.substring(1).split(";", -1));
    } else if (last == 'u' && !parameters.isEmpty()) {
      keyboard(parameters.charAt(0), parameters.substring(1).split(";", -1)[0]);
    }
  }

  private void set(boolean dec, int mode, boolean on) {
    if (dec && mode == KEYPAD) {
      applicationKeypad = on;
      return;
    }
    Boolean byDefault = (dec ? KNOWN : KNOWN_ANSI).get(mode);
    if (byDefault == null) {
      return;
    }
    TreeSet<Integer> modes = dec ? changed : changedAnsi;
    if (byDefault == on) {
      modes.remove(mode);
    } else {
      modes.add(mode);
    }
  }

  private void formatKeys(String[] parameters) {
    int format = number(parameters[0], LAST_KEY_FORMAT + 1);
    if (parameters[0].isEmpty()) {
      keyFormats.clear();
    } else if (parameters.length == 1 || number(parameters[1], 0) == 0) {
      keyFormats.remove(format);
    } else if (format <= LAST_KEY_FORMAT) {
      keyFormats.add(format);
    }
  }

  private void keyboard(char what, String parameter) {
    int screen = screen();
    switch (what) {
      case '>' -> keyboardModes[screen]++;
      case '<' -> keyboardModes[screen] = Math.max(0, keyboardModes[screen] - number(parameter, 1));
      case '=' -> {
        if (keyboardModes[screen] == 0) {
          keyboardSet[screen] = number(parameter, 0) > 0;
        }
      }
      default -> {
        // The cursor, or a question.
      }
    }
  }

  private int screen() {
    return ALTERNATE.stream().anyMatch(changed::contains) ? 1 : 0;
  }

  /** A full reset; a soft one leaves much as it is, and what of it depends on the terminal. */
  private void reset() {
    changed.clear();
    changedAnsi.clear();
    keyFormats.clear();
    applicationKeypad = false;
    scrollRegion = false;
    Arrays.fill(keyboardModes, 0);
    Arrays.fill(keyboardSet, false);
  }

  /** What switches everything back, colours and character sets included. */
  String undo() {
    StringBuilder undo = new StringBuilder();
    int screen = screen();
    undoKeyboard(undo, screen);
    for (int format : keyFormats) {
      undo.append(CSI).append('>').append(format).append('m');
    }
    for (int mode : changedAnsi) {
      boolean byDefault = KNOWN_ANSI.getOrDefault(mode, false);
      undo.append(CSI).append(mode).append(byDefault ? 'h' : 'l');
    }
    if (scrollRegion) {
      undo.append("\0337").append(CSI).append("r\0338");
    }
    // The alternate screen after the mouse: its number is among the highest.
    for (int mode : changed) {
      boolean byDefault = KNOWN.getOrDefault(mode, false);
      undo.append(CSI).append('?').append(mode).append(byDefault ? 'h' : 'l');
    }
    if (screen > 0) {
      undoKeyboard(undo, 0);
    }
    if (applicationKeypad) {
      undo.append("\033>");
    }
    if (cursorShape) {
      undo.append(CSI).append("0 q");
    }
    return undo.append(CSI).append("0m\033(B\017").toString();
  }

  private void undoKeyboard(StringBuilder undo, int screen) {
    if (keyboardModes[screen] > 0) {
      undo.append(CSI).append('<').append(keyboardModes[screen]).append('u');
    }
    if (keyboardSet[screen]) {
      undo.append(CSI).append("=0u");
    }
  }

  private static int number(String text, int otherwise) {
    return text.matches("\\d{1,6}") ? Integer.parseInt(text) : otherwise;
  }
}
