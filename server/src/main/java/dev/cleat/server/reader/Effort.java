package dev.cleat.server.reader;

/**
 * What drawing costs, in cells that are written, moved or erased. Three bytes of output may fill a
 * screen: how long drawing takes depends on this, not on the bytes. Whenever it was much, others
 * get their turn.
 *
 * <p>Not safe for use by several threads.
 */
final class Effort {
  /** So much takes a few milliseconds at most. */
  static final int TURN = 1 << 17;

  private final Runnable turnIsOver;
  private long spent;
  private long turnEnd = TURN;

  /**
   * Nothing yet.
   *
   * @param turnIsOver called whenever that much was spent, in the middle of drawing
   */
  Effort(Runnable turnIsOver) {
    this.turnIsOver = turnIsOver;
  }

  void spend(long cells) {
    spent += cells;
    if (spent >= turnEnd) {
      turnEnd = spent + TURN;
      turnIsOver.run();
    }
  }

  long spent() {
    return spent;
  }
}
