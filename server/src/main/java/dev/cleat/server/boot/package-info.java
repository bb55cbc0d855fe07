/**
 * The wiring of the server: configuration, start, shutdown. It knows every other package, and none
 * knows it. Read {@link dev.cleat.server.boot.ConfigKeys} first for what can be configured.
 */
@NullMarked
package dev.cleat.server.boot;

import org.jspecify.annotations.NullMarked;
