/** Tests of keys and of what is shown on a terminal. */
@NullMarked
package dev.cleat.cli.terminal;

import org.jspecify.annotations.NullMarked;
