package dev.cleat.e2e;

import dev.cleat.client.ScreenPicture;
import dev.cleat.server.reader.TerminalScreen;
import dev.cleat.v1.Event;
import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenLine;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.TerminalSize;

/** A terminal that gets a session's events, as the contract says what they do to one. */
final class ReplicaTerminal {
  private TerminalScreen screen = new TerminalScreen(1, 1);

  /** Before the first event. */
  ReplicaTerminal() {}

  /** Goes on from a picture. */
  ReplicaTerminal(ScreenPicture picture) {
    screen = new TerminalScreen(picture.rows(), picture.columns());
    feed(picture.restore());
  }

  void draw(Event event) {
    if (event.hasCreated()) {
      TerminalSize size = event.getCreated().getSession().getSize();
      screen = new TerminalScreen(size.getRows(), size.getColumns());
    } else if (event.hasResized()) {
      TerminalSize size = event.getResized().getSize();
      screen.resize(size.getRows(), size.getColumns());
    } else if (event.getStateChanged().getMode() != SessionMode.SESSION_MODE_UNSPECIFIED) {
      screen.reset();
    } else if (event.hasOutput()) {
      feed(event.getOutput().getData().toByteArray());
    }
  }

  private void feed(byte[] bytes) {
    screen.feed(bytes, 0, bytes.length);
  }

  /** What can be seen of it. */
  Screen look() {
    return look(screen.picture(true, false).build());
  }

  /** What can be seen of a picture: not where it stands in the journal. */
  static Screen look(Screen picture) {
    Screen.Builder look =
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
