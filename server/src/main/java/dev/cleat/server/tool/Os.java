package dev.cleat.server.tool;

import java.util.Locale;

/** The operating systems a tool may be limited to. */
public enum Os {
  LINUX,
  MACOS,
  WINDOWS,
  /** None of the others; no tool can name it. */
  OTHER;

  /** The one this process runs on. */
  public static Os current() {
    String name = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (name.startsWith("linux")) {
      return LINUX;
    }
    if (name.startsWith("mac")) {
      return MACOS;
    }
    return name.startsWith("windows") ? WINDOWS : OTHER;
  }
}
