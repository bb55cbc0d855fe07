/**
 * Requests that nobody would send: made from the contract's descriptors and then spoilt, as
 * messages and as bytes, with their headers and the course of their streams. Read {@link
 * dev.cleat.e2e.mutation.Mutants} first, which makes the calls.
 */
@NullMarked
package dev.cleat.e2e.mutation;

import org.jspecify.annotations.NullMarked;
