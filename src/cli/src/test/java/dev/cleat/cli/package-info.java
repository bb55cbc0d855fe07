/** Tests of the command, against a real server in the same process and on real terminals. */
@NullMarked
package dev.cleat.cli;

import org.jspecify.annotations.NullMarked;
