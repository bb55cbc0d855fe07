package dev.cleat.server.boot;

import java.nio.file.Path;

/** Where the audit log goes. */
public sealed interface AuditTarget {
  /** The word for none. */
  String NONE = "none";

  /** The word for the server's log. */
  String LOG = "log";

  /** Nowhere. */
  record None() implements AuditTarget {}

  /** Into the server's log. */
  record Log() implements AuditTarget {}

  /** Into a file of its own; the path is absolute. */
  record File(Path path) implements AuditTarget {}

  /** As it is configured. */
  static AuditTarget parse(String text) {
    return switch (text) {
      case NONE -> new None();
      case LOG -> new Log();
      default -> new File(ConfigType.PATH.parser().apply(text));
    };
  }

  /** The text that {@link #parse} makes it from. */
  default String text() {
    return switch (this) {
      case None() -> NONE;
      case Log() -> LOG;
      case File(Path path) -> path.toString();
    };
  }
}
