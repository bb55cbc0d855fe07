package dev.cleat.client;

import dev.cleat.v1.Event;

/** What an {@link EventStream} delivers. */
public sealed interface Delivery {

  /** The place behind it, for attaching there later. */
  Position position();

  /**
   * What the terminal shows: the first, where the stream was to start from the screen.
   *
   * @param screen with {@link ScreenPicture#restore}
   */
  record Pictured(ScreenPicture screen) implements Delivery {
    @Override
    public Position position() {
      return screen.position();
    }
  }

  /**
   * Something happened to the session.
   *
   * @param event what
   */
  record Happened(Event event, Position position) implements Delivery {}

  /**
   * Events are no longer there.
   *
   * @param gap which
   */
  record Missing(Gap gap, Position position) implements Delivery {}

  /** Everything that there was has come; what follows is live. Once. */
  record CaughtUp(Position position) implements Delivery {}
}
