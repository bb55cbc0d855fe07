/**
 * The benchmarks: what Cleat costs beside the raw limits of terminals and of gRPC, measured in
 * turns in the same run, each in a process of its own. It may know the contract, the client library
 * and how the server is started from outside, and nothing inside the server. Read {@link
 * dev.cleat.bench.Bench} first.
 */
@NullMarked
package dev.cleat.bench;

import org.jspecify.annotations.NullMarked;
