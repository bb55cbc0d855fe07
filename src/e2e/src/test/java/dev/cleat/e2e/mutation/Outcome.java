package dev.cleat.e2e.mutation;

import io.grpc.Metadata;
import io.grpc.Status;

/**
 * How a call ended.
 *
 * @param number which call
 * @param served the method that was called, or nearly
 * @param expected what may have ended it but an answer of the service
 * @param status with the message
 * @param trailers with the details
 */
record Outcome(long number, Served served, Expected expected, Status status, Metadata trailers) {

  /** What else may have ended a call. */
  enum Expected {
    /** Nothing. */
    ANSWER,
    /** The caller, by a deadline that was meant to pass or because it had enough. */
    CUT,
    /** There is no such method. */
    NO_METHOD
  }
}
