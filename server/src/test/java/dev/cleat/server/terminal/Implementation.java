package dev.cleat.server.terminal;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What is held to the contract. */
enum Implementation {
  PTY4J(true) {
    @Override
    TerminalFactory factory(Drain drain) {
      return new PtyTerminals(drain);
    }
  },
  PIPES(false) {
    @Override
    TerminalFactory factory(Drain drain) {
      return new PipeTerminals(drain);
    }
  };

  static final Map<String, String> ENVIRONMENT =
      Map.of("PATH", "/usr/local/bin:/usr/bin:/bin", "TERM", "xterm-256color", "LC_ALL", "C.UTF-8");

  private final boolean tty;

  Implementation(boolean tty) {
    this.tty = tty;
  }

  abstract TerminalFactory factory(Drain drain);

  TerminalFactory factory() {
    return factory(Drain.DEFAULT);
  }

  boolean isTty() {
    return tty;
  }

  /** Where output goes. */
  Stream output() {
    return tty ? Stream.TERMINAL : Stream.STDOUT;
  }

  /** A shell command to run first, so that the line changes no byte. */
  String raw() {
    return tty ? "stty raw -echo; " : "";
  }

  static TerminalSpec spec(String... command) {
    return new TerminalSpec(List.of(command), ENVIRONMENT, Path.of("/"), new Size(24, 80));
  }

  static TerminalSpec shell(String script) {
    return spec("/bin/sh", "-c", script);
  }
}
