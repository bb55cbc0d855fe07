package dev.cleat.server.reader;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Event;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.TerminalSize;

/** A terminal that gets a session's events, as the contract says what they do to one. */
public final class DrawnEvents {
  private TerminalScreen screen = new TerminalScreen(1, 1);

  /** A terminal before the first event. */
  public DrawnEvents() {}

  /** A terminal that goes on from a picture. */
  public DrawnEvents(Screen from) {
    screen = of(from.getSize());
    feed(from.getRestore());
  }

  private static TerminalScreen of(TerminalSize size) {
    return new TerminalScreen(size.getRows(), size.getColumns());
  }

  /** The next event. */
  public void draw(Event event) {
    switch (event.getKindCase()) {
      case CREATED -> screen = of(event.getCreated().getSession().getSize());
      case RESIZED -> {
        final TerminalSize size = event.getResized().getSize();
        screen.resize(size.getRows(), size.getColumns());
      }
      case STATE_CHANGED -> {
        if (event.getStateChanged().getMode() != SessionMode.SESSION_MODE_UNSPECIFIED) {
          screen.reset();
        }
      }
      case OUTPUT -> {
        if (event.getOutput().getStream() == OutputStream.OUTPUT_STREAM_TERMINAL) {
          feed(event.getOutput().getData());
        }
      }
      default -> {}
    }
  }

  private void feed(ByteString data) {
    screen.feed(data.toByteArray(), 0, data.size());
  }

  /** What can be seen of it. */
  public Screen look() {
    return look(screen.picture(true, false).build());
  }

  /**
   * What can be seen of a picture. Which line ran over into which is drawn again only as far as the
   * lines themselves say it.
   */
  public static Screen look(Screen picture) {
    final Screen.Builder look =
        picture.toBuilder()
            .clearSeq()
            .clearEpoch()
            .clearOutputOffset()
            .clearIncomplete()
            .clearRestore();
    look.getLinesBuilderList().forEach(ScreenLine.Builder::clearWrapped);
    return look.build();
  }
}
