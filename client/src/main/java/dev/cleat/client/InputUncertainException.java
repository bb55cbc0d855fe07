package dev.cleat.client;

/**
 * Input was sent and it cannot be known whether it was applied: the server has lost what it knew of
 * this writer, or the answer to {@link Session#sendInput} was lost. Nothing is typed again by
 * itself, because that could type it twice; look at the session's output, then decide. Input that
 * was queued behind in an attachment is dropped with it and was not typed. What is sent afterwards
 * is numbered afresh.
 */
public final class InputUncertainException extends CleatException {
  private final long uncertainBytes;
  private final long droppedBytes;

  InputUncertainException(long uncertainBytes, long droppedBytes) {
    super(
        Code.ABORTED,
        "INPUT_UNCERTAIN",
        "the server no longer knows this writer: "
            + uncertainBytes
            + " bytes of input may or may not have been applied, "
            + droppedBytes
            + " more were not sent",
        null);
    this.uncertainBytes = uncertainBytes;
    this.droppedBytes = droppedBytes;
  }

  /** The answer to a call was lost in this way. */
  InputUncertainException(long uncertainBytes, CleatException lost) {
    super(
        Code.ABORTED,
        "INPUT_UNCERTAIN",
        uncertainBytes
            + " bytes of input may or may not have been applied, the answer was lost: "
            + lost.getMessage(),
        lost);
    this.uncertainBytes = uncertainBytes;
    this.droppedBytes = 0;
  }

  /** How many bytes of input may or may not have been applied. */
  public long uncertainBytes() {
    return uncertainBytes;
  }

  /** How many bytes were waiting behind them, and were certainly not applied. */
  public long droppedBytes() {
    return droppedBytes;
  }
}
