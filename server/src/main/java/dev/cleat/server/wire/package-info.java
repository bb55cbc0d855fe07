/**
 * What comes before a call: connections, frames, and messages on their way. Everybody who reaches
 * the port gets as far as here, with or without a credential, so everything here is bounded.
 */
@NullMarked
package dev.cleat.server.wire;

import org.jspecify.annotations.NullMarked;
