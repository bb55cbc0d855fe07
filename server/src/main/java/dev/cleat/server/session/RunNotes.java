package dev.cleat.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * What is stored of the run of a session's process, and no client sees.
 *
 * @param aid what the marks of its shell carry; empty without any
 * @param noticedSeq the files that events up to this one name have been looked at
 */
record RunNotes(String aid, long noticedSeq) {
  /** Of a session that has not run. */
  static final RunNotes NONE = new RunNotes("", 0);

  /**
   * As they were stored.
   *
   * @param foldedSeq how far the session had got; earlier versions wrote only the aid
   */
  static RunNotes of(byte[] stored, long foldedSeq) {
    final String text = new String(stored, UTF_8);
    final int space = text.indexOf(' ');
    return space < 0
        ? new RunNotes(text, foldedSeq)
        : new RunNotes(text.substring(0, space), Long.parseLong(text.substring(space + 1)));
  }

  byte[] stored() {
    return (aid + " " + noticedSeq).getBytes(UTF_8);
  }
}
