package dev.cleat.cli.terminal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Stands between what a session prints and where it is shown. For one thread at a time.
 *
 * <p>On a terminal it remembers what the program has switched, and keeps back questions to the
 * terminal: the server has answered them. For a file or a pipe it leaves plain text: no escape
 * sequences, no control characters other than newline and tab.
 */
public final class OutputFilter {
  private static final int LEAD_OF_C1 = 0xc2;

  private final boolean plain;
  private final EscapeParser parser = new EscapeParser(new Parts());
  private final ScreenModes modes = new ScreenModes();
  private final ByteArrayOutputStream result = new ByteArrayOutputStream();

  /** Whether the last byte of plain text was {@link #LEAD_OF_C1}, and is held back. */
  private boolean leads;

  private OutputFilter(boolean plain) {
    this.plain = plain;
  }

  /** For a terminal. */
  public static OutputFilter forTerminal() {
    return new OutputFilter(false);
  }

  /** Leaves plain text. */
  public static OutputFilter plain() {
    return new OutputFilter(true);
  }

  /** What of this is to be shown. The end of it may come with the next piece. */
  public byte[] filter(byte[] printed) {
    parser.parse(printed, 0, printed.length);
    byte[] shown = result.toByteArray();
    result.reset();
    return shown;
  }

  /** What switches the terminal back to how it was. */
  public byte[] undo() {
    return modes.undo().getBytes(StandardCharsets.US_ASCII);
  }

  private final class Parts implements EscapeParser.Handler {
    @Override
    public void text(byte[] bytes, int from, int to) {
      for (int i = from; i < to; i++) {
        if (plain) {
          plain(bytes[i] & 0xff);
        } else if (bytes[i] != Queries.ENQUIRY) {
          result.write(bytes[i]);
        }
      }
    }

    /** Some terminals take U+0080 to U+009F for controls, which in UTF-8 are two bytes. */
    private void plain(int b) {
      if (leads) {
        leads = false;
        if (b >= 0x80 && b < 0xa0) {
          return;
        }
        result.write(LEAD_OF_C1);
      }
      boolean control = (b < 0x20 && b != '\n' && b != '\t') || b == 0x7f;
      if (b == LEAD_OF_C1) {
        leads = true;
      } else if (!control) {
        result.write(b);
      }
    }

    @Override
    public void sequence(byte[] bytes, int length) {
      if (plain) {
        return;
      }
      modes.printed(bytes, length);
      if (!Queries.isOne(bytes, length)) {
        result.writeBytes(Queries.withoutAnswer(bytes, length));
      }
    }

    @Override
    public boolean overlong(byte[] bytes, int length) {
      boolean shown = !plain && Queries.beginsNone(bytes, length);
      if (shown) {
        result.writeBytes(Queries.withoutAnswer(bytes, length));
      }
      return shown;
    }

    @Override
    public void overlong(byte b) {
      result.write(b);
    }
  }
}
