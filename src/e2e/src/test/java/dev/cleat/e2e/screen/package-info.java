/**
 * What Cleat says a terminal shows, beside what another terminal shows: xterm.js, which {@code npm
 * ci --prefix src/e2e/screen} installs. Both get recordings of real programs.
 */
@NullMarked
package dev.cleat.e2e.screen;

import org.jspecify.annotations.NullMarked;
