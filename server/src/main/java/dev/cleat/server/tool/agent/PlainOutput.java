package dev.cleat.server.tool.agent;

import com.google.re2j.Pattern;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Output for a person: all of it is what the agent said, without escape sequences. It cannot say
 * that a turn failed.
 */
final class PlainOutput implements TurnOutput {
  private static final int CHUNK = 8192;

  private final Teller teller;
  private final @Nullable TokenFinder finder;
  private final EscapeFilter filter = new EscapeFilter();
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  // Between calls it holds the start of a character, ready to be added to.
  private final ByteBuffer in = ByteBuffer.allocate(CHUNK);
  private final CharBuffer out = CharBuffer.allocate(CHUNK + 1);

  /**
   * @param token the pattern whose first group is the tool's own session id
   */
  PlainOutput(Teller teller, @Nullable Pattern token) {
    this.teller = teller;
    this.finder = token == null ? null : new TokenFinder(token, teller::resumable);
  }

  @Override
  public void feed(byte[] bytes, int from, int count) {
    for (int at = from, left = count; left > 0; ) {
      int part = Math.min(left, in.remaining());
      in.put(bytes, at, part);
      decode(false);
      at += part;
      left -= part;
    }
  }

  @Override
  public Outcome finish() {
    decode(true);
    if (finder != null) {
      finder.finish();
    }
    return Outcome.SUCCEEDED;
  }

  private void decode(boolean last) {
    in.flip();
    decoder.decode(in, out, last);
    if (last) {
      decoder.flush(out);
    }
    in.compact();
    out.flip();
    String text = filter.strip(out);
    out.clear();
    teller.text(text);
    if (finder != null) {
      finder.feed(text);
    }
  }
}
