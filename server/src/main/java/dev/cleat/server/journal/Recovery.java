package dev.cleat.server.journal;

/**
 * What opening a journal found and did.
 *
 * @param cutBytes how many bytes were cut from its end: an append that was never completed, or an
 *     end too damaged to tell
 * @param newEpoch whether a new epoch was begun, because something that had been visible may be
 *     lost
 * @param reason in words for the log, empty when there was nothing to do
 */
public record Recovery(long cutBytes, boolean newEpoch, String reason) {
  static final Recovery NOTHING = new Recovery(0, false, "");
}
