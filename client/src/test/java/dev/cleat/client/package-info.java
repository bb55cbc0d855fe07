/** Tests of the client against real gRPC servers on loopback. */
@NullMarked
package dev.cleat.client;

import org.jspecify.annotations.NullMarked;
