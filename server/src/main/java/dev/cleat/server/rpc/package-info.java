/**
 * The gRPC services: they check requests, call sessions and say errors in gRPC's words. Knows the
 * sessions and what is below them. Read {@link dev.cleat.server.rpc.Services} first, then {@link
 * dev.cleat.server.rpc.Reach} and {@link dev.cleat.server.rpc.AttachCall}.
 */
@NullMarked
package dev.cleat.server.rpc;

import org.jspecify.annotations.NullMarked;
