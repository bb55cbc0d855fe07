package dev.cleat.server.boot;

/** How the server's log is written. */
public enum LogFormat {
  /** A line for people. */
  TEXT,
  /** An object in JSON a line. */
  JSON
}
