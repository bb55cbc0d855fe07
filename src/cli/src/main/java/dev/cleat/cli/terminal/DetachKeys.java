package dev.cleat.cli.terminal;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Finds the keys that detach among what is typed. The first keys of the sequence are held back
 * until it is clear whether the rest follows. For one thread at a time.
 */
public final class DetachKeys {

  private final byte[] keys;
  private final String shown;
  private int matched;
  private boolean pressed;

  private DetachKeys(byte[] keys, String shown) {
    this.keys = keys;
    this.shown = shown;
  }

  /**
   * The keys of a text: characters, or {@code ctrl-} and one of a–z, {@code @ [ \ ] ^ _}, with
   * commas between; {@code none} for no keys.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static DetachKeys of(String text) {
    if (text.equals("none")) {
      return new DetachKeys(new byte[0], "");
    }
    ByteArrayOutputStream keys = new ByteArrayOutputStream();
    List<String> shown = new ArrayList<>();
    for (String key : text.split(",", -1)) {
      keys.write(code(key, text));
      shown.add(
          key.length() == 1
              ? key
              : "Ctrl-" + key.substring("ctrl-".length()).toUpperCase(Locale.ROOT));
    }
    return new DetachKeys(keys.toByteArray(), String.join(" ", shown));
  }

  private static int code(String key, String all) {
    String lower = key.toLowerCase(Locale.ROOT);
    if (key.length() == 1 && key.charAt(0) > ' ' && key.charAt(0) < 0x7f) {
      return key.charAt(0);
    }
    if (lower.length() == 6
        && lower.startsWith("ctrl-")
        && "abcdefghijklmnopqrstuvwxyz@[\\]^_".indexOf(lower.charAt(5)) >= 0) {
      return lower.toUpperCase(Locale.ROOT).charAt(5) & 0x1f;
    }
    throw new IllegalArgumentException(
        "expects keys such as ctrl-p,ctrl-q, or none, and not '%s'".formatted(all));
  }

  /** The keys for a person; empty when there are none. */
  public String shown() {
    return shown;
  }

  /** Whether a beginning of the keys is held back. */
  public boolean holding() {
    return matched > 0;
  }

  /** Whether all of them were pressed. */
  public boolean pressed() {
    return pressed;
  }

  /** Takes what was typed, and returns what of it is for the session: nothing after the keys. */
  public byte[] typed(byte[] bytes, int length) {
    ByteArrayOutputStream forward = new ByteArrayOutputStream(length + matched);
    for (int i = 0; i < length && !pressed; i++) {
      while (matched > 0 && bytes[i] != keys[matched]) {
        giveUpOne(forward);
      }
      if (matched < keys.length && bytes[i] == keys[matched]) {
        matched++;
      } else {
        forward.write(bytes[i]);
      }
      if (matched > 0 && matched == keys.length) {
        pressed = true;
      }
    }
    return forward.toByteArray();
  }

  /** Nothing followed: what is held back was meant for the session. */
  public byte[] release() {
    if (pressed) {
      return new byte[0];
    }
    ByteArrayOutputStream forward = new ByteArrayOutputStream(matched);
    forward.write(keys, 0, matched);
    matched = 0;
    return forward.toByteArray();
  }

  /** Forwards the first held key, and holds the longest rest that is still a beginning. */
  private void giveUpOne(ByteArrayOutputStream forward) {
    int before = matched;
    do {
      matched--;
    } while (matched > 0 && !isBeginning(before - matched, matched));
    forward.write(keys, 0, before - matched);
  }

  private boolean isBeginning(int from, int length) {
    for (int i = 0; i < length; i++) {
      if (keys[from + i] != keys[i]) {
        return false;
      }
    }
    return true;
  }
}
