package dev.cleat.server.reader;

/** Gets what an {@link OutputParser} found, in order. */
interface OutputSink {
  /** Printable ASCII characters, {@code bytes[from]} to before {@code bytes[end]}. */
  void ascii(byte[] bytes, int from, int end);

  /** A printable character that is not ASCII, or U+FFFD for bytes that are no character. */
  void character(int codePoint);

  /** A control character below 0x20, but for ESC, CAN and SUB. */
  void control(int code);

  /**
   * An escape sequence that is none of the others.
   *
   * @param intermediate the byte between ESC and the last, or 0
   * @param end the last byte
   */
  void escape(int intermediate, int end);

  /** A control sequence; the object is used again for the next one. */
  void controlSequence(ControlSequence sequence);

  /** An operating system command, complete: what stands between {@code ESC ]} and its end. */
  void command(byte[] payload, int length);
}
