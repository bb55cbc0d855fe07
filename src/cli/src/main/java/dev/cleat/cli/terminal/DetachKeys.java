package dev.cleat.cli.terminal;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * Finds the keys that detach among what is typed, as bytes or, where the program in the session
 * asked the terminal for that, as a {@link KeySequence}. The first of the keys are held back until
 * it is clear whether the rest follows. For one thread at a time.
 */
public final class DetachKeys {
  private static final byte ESC = 0x1b;

  /** What is longer is no key. */
  private static final int LONGEST_SEQUENCE = 64;

  private final byte[] keys;
  private final String shown;

  /** What the first of the keys came as, each with what came between it and the next. */
  private final Deque<ByteArrayOutputStream> held = new ArrayDeque<>();

  /** The beginning of what may become a key's sequence. */
  private final ByteArrayOutputStream sequence = new ByteArrayOutputStream();

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

  /** Whether something is held back: a beginning of the keys. */
  public boolean holding() {
    return !held.isEmpty() || sequence.size() > 0;
  }

  /** Whether what is held back is only the beginning of a sequence, whose rest comes at once. */
  public boolean amidSequence() {
    return held.isEmpty() && sequence.size() > 0;
  }

  /** Whether all of them were pressed. */
  public boolean pressed() {
    return pressed;
  }

  /** Takes what was typed, and returns what of it is for the session: nothing after the keys. */
  public byte[] typed(byte[] bytes, int length) {
    ByteArrayOutputStream forward = new ByteArrayOutputStream(length);
    for (int i = 0; i < length && !pressed; i++) {
      typed(bytes[i], forward);
    }
    if (sequence.size() == 1 && isNext(ESC)) {
      noSequence(forward); // the key itself, as far as one can know
    }
    return forward.toByteArray();
  }

  private void typed(byte b, ByteArrayOutputStream forward) {
    if (sequence.size() > 0) {
      if (sequence.size() < LONGEST_SEQUENCE && KeySequence.mayGoOn(sequence.size(), b)) {
        sequence.write(b);
        if (KeySequence.isEnd(b)) {
          sequence(takeSequence(), forward);
        }
        return;
      }
      noSequence(forward);
    }
    if (pressed) {
      return;
    }
    if (b == ESC && keys.length > 0) {
      sequence.write(b);
    } else {
      key(b, new byte[] {b}, forward);
    }
  }

  private void sequence(byte[] bytes, ByteArrayOutputStream forward) {
    KeySequence read = KeySequence.of(bytes);
    if (!read.isAside()) {
      key(read.legacyByte(), bytes, forward);
    } else if (held.isEmpty()) {
      forward.writeBytes(bytes);
    } else {
      held.getLast().writeBytes(bytes);
    }
  }

  private void noSequence(ByteArrayOutputStream forward) {
    for (byte b : takeSequence()) {
      if (!pressed) {
        key(b, new byte[] {b}, forward);
      }
    }
  }

  private byte[] takeSequence() {
    byte[] bytes = sequence.toByteArray();
    sequence.reset();
    return bytes;
  }

  /** A key was pressed, which came as these bytes. */
  private void key(int key, byte[] bytes, ByteArrayOutputStream forward) {
    while (!held.isEmpty() && !isNext(key)) {
      giveUpOne(forward);
    }
    if (isNext(key)) {
      ByteArrayOutputStream came = new ByteArrayOutputStream(bytes.length);
      came.writeBytes(bytes);
      held.add(came);
      pressed = held.size() == keys.length;
    } else {
      forward.writeBytes(bytes);
    }
  }

  private boolean isNext(int key) {
    return held.size() < keys.length && key == keys[held.size()];
  }

  /** Nothing followed: what is held back was meant for the session. */
  public byte[] release() {
    if (pressed) {
      return new byte[0];
    }
    ByteArrayOutputStream forward = new ByteArrayOutputStream();
    held.forEach(key -> forward.writeBytes(key.toByteArray()));
    held.clear();
    forward.writeBytes(takeSequence());
    return forward.toByteArray();
  }

  /** Forwards the first held key, and holds the longest rest that is still a beginning. */
  private void giveUpOne(ByteArrayOutputStream forward) {
    int before = held.size();
    do {
      forward.writeBytes(held.removeFirst().toByteArray());
    } while (!held.isEmpty() && !isBeginning(before - held.size(), held.size()));
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
